"""Which scoring model this process scores by, and how another is put in use.

The store says which; each process looks every second, so a change reaches all of them without a restart. One
answer takes its model once, at its beginning, and names it: no answer is ever of two models.
"""

import asyncio
import logging
from dataclasses import dataclass

import scoring
from dedup_service.domain.errors import InvalidInput, NotFound, StateNotAllowed, Unavailable
from dedup_service.domain.scoring_models import (
    ModelEvaluation,
    ScoringModelState,
    StoredModel,
    scoring_model_name,
)
from dedup_service.workflows.ports import ReadTransaction, Request, Store, WriteTransaction, Written
from scoring.model_file import ModelFile, format_model_file, model_of, parse_model_file

LOG = logging.getLogger(__name__)

SERVICE = "services/operator"
_RENEW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as the store knows it and as it scores; `problem` says why this release cannot use it."""

    stored: StoredModel
    model: scoring.ScoringModel | None = None
    problem: str = ""


class ModelInUse:
    """The model that this process scores by: the active one of the store, or the one that ships with it.

    A stored model that this release cannot use is never taken up: what was in use stays, at a start the
    shipped one, and the log says so as an error.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._shipped = scoring.shipped_model()
        self._current = self._shipped
        self._refused: str | None = None

    @property
    def current(self) -> scoring.ScoringModel:
        """Take it once for each answer: it may be another one after any await."""
        return self._current

    @property
    def shipped(self) -> scoring.ScoringModel:
        return self._shipped

    async def renew(self) -> None:
        """Take up the model that the store says is in use, if it is another one."""
        version = await self._store.read(_active_version)
        if version in (self._refused, self._current.version):
            return
        if not version:
            self.take_up(self._shipped)
            return
        stored = await self._store.read(lambda tx: tx.scoring_model(version))
        if stored is None:
            # Retired and deleted in between: the next look finds what is in use instead.
            return
        try:
            # Megabytes of term frequencies: the loop must not stand still for them.
            model = await asyncio.to_thread(_read, stored)
        except scoring.ModelError as error:
            self._refused = version
            LOG.error(  # noqa: TRY400  the sentence says it all
                "SCORING MODEL %s CANNOT BE USED by this release (%s): scoring by %s instead. "
                "Train a new one, or activate another",
                *(version, error, self._current.version),
            )
            return
        self.take_up(model)

    def take_up(self, model: scoring.ScoringModel) -> None:
        """Score by this model, from the next answer on."""
        if model is not self._current:
            LOG.info("scoring model %s is in use", model.version)
        self._current, self._refused = model, None

    async def run(self) -> None:
        """Renew until cancelled; while PostgreSQL is away the model stays as it is."""
        while True:
            try:
                await self.renew()
            except Unavailable as error:
                LOG.warning("the scoring model stays as it is: %s", error.detail)
            except Exception as error:  # noqa: BLE001  a task that ends would leave every later model unused
                LOG.error("the scoring model stays as it is after %s", type(error).__name__)  # noqa: TRY400  F-3
            await asyncio.sleep(_RENEW_SECONDS)


class ScoringModels:
    """The use cases on the models of the store."""

    def __init__(self, store: Store, in_use: ModelInUse) -> None:
        self._store = store
        self.in_use = in_use

    async def listed(self) -> tuple[StoredModel, ...]:
        """All models without their parameters: the one that the store has in use first, then the newest
        first; the shipped one among them.
        """
        stored = await self._store.read(lambda tx: tx.scoring_models())
        active = [one for one in stored if one.state is ScoringModelState.ACTIVE]
        others = [one for one in stored if one.state is not ScoringModelState.ACTIVE]
        shipped = self._shipped(ScoringModelState.RETIRED if active else ScoringModelState.ACTIVE)
        return (*active, *others, shipped) if active else (shipped, *others)

    def _shipped(self, state: ScoringModelState) -> StoredModel:
        model = self.in_use.shipped
        return StoredModel(model.version, model.origin, ModelEvaluation(), None, state=state)

    async def model(self, version: str) -> ListedModel:
        """A model with its parameters.

        Raises:
            NotFound: there is no model of this version.
        """
        if version == self.in_use.shipped.version:
            active = await self._store.read(_active_version)
            state = ScoringModelState.RETIRED if active else ScoringModelState.ACTIVE
            return ListedModel(self._shipped(state), self.in_use.shipped)
        stored = await self._store.read(lambda tx: tx.scoring_model(version))
        if stored is None:
            raise NotFound("ScoringModel", scoring_model_name(version))
        if version == self.in_use.current.version:
            return ListedModel(stored, self.in_use.current)
        try:
            return ListedModel(stored, await asyncio.to_thread(_read, stored))
        except scoring.ModelError as error:
            return ListedModel(stored, problem=str(error))

    async def add(self, file: ModelFile, evaluation: ModelEvaluation) -> StoredModel:
        """Keep a model as a candidate; one that is there already is left as it is.

        Raises:
            InvalidInput: this release cannot score by it.
        """
        text = format_model_file(file).decode()
        try:
            await asyncio.to_thread(model_of, file)
        except scoring.ModelError as error:
            raise InvalidInput.at("scoring_model", str(error)) from error

        async def work(tx: WriteTransaction) -> Written[StoredModel]:
            revision = await tx.revision()
            known = await tx.scoring_model(file.version)
            if known is not None:
                return Written(known)
            stored = StoredModel(
                version=file.version,
                origin=file.origin,
                evaluation=evaluation,
                create_time=revision.time,
                parameters=text,
                revision=revision.number,
            )
            await tx.insert_scoring_model(stored)
            return Written(stored, targets=(stored.name,), detail="trained, a candidate")

        return await self._store.write(Request(SERVICE, "CreateScoringModel"), work, StoredModel)

    async def activate(self, version: str) -> str:
        """Put a model in use, from now on for every process; the version that was in use before.

        Raises:
            NotFound: there is no model of this version.
            StateNotAllowed: it is in use already, or this release cannot score by it.
        """
        shipped = self.in_use.shipped.version
        wanted = await self.model(version)
        if wanted.model is None:
            raise StateNotAllowed(
                wanted.stored.name,
                wanted.stored.state,
                f"{version} cannot be used by this release: {wanted.problem}. Train a new model",
            )

        async def work(tx: WriteTransaction) -> Written[str]:
            revision = await tx.revision()
            before = await tx.active_scoring_model_version() or shipped
            if before == version:
                raise StateNotAllowed(
                    wanted.stored.name, ScoringModelState.ACTIVE, f"{version} is in use already"
                )
            await tx.activate_scoring_model("" if version == shipped else version, revision.time)
            name = scoring_model_name(version)
            return Written(before, targets=(name,), detail=f"in use after {scoring_model_name(before)}")

        return await self._store.write(Request(SERVICE, "ActivateScoringModel"), work, str)

    async def delete(self, version: str) -> None:
        """Delete a model that is not in use, with the values of records that it counts; the audit log keeps
        its name.

        Raises:
            NotFound: there is no model of this version.
            StateNotAllowed: it is in use, or ships with the release.
        """
        name = scoring_model_name(version)
        if version == self.in_use.shipped.version:
            shipped = await self.model(version)
            raise StateNotAllowed(
                name, shipped.stored.state, f"{version} ships with this release and cannot be deleted"
            )

        async def work(tx: WriteTransaction) -> Written[None]:
            await tx.revision()
            stored = await tx.scoring_model(version)
            if stored is None:
                raise NotFound("ScoringModel", name)
            if stored.state is ScoringModelState.ACTIVE:
                raise StateNotAllowed(
                    name, stored.state, f"{version} is in use: put another one in use first"
                )
            await tx.delete_scoring_model(version)
            return Written(None, targets=(name,), detail="deleted")

        await self._store.write(Request(SERVICE, "DeleteScoringModel"), work, type(None))


def _read(stored: StoredModel) -> scoring.ScoringModel:
    return model_of(parse_model_file(stored.parameters.encode()))


async def _active_version(tx: ReadTransaction) -> str:
    return await tx.active_scoring_model_version()
