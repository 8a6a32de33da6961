"""Putting a trained model in use, in this process and in others, and what cannot be put in use."""

import asyncio
import logging
from datetime import UTC, datetime

import msgspec
import psycopg
import pytest

from dedup_service.domain.errors import InvalidInput, NotFound, StateNotAllowed
from dedup_service.domain.scoring_models import ModelEvaluation, ScoringModelState, StoredModel
from dedup_service.workflows.model_comparison import (
    ComparisonVerdict,
    LabelComparison,
    LabelFigures,
    ModelComparison,
)
from dedup_service.workflows.pages import Page
from dedup_service.workflows.scoring_models import ModelInUse, ScoringModels
from dedup_service.workflows.training import TrainedModel, keep_model
from scoring import Entity, shipped_model
from scoring.calibration import shifted
from scoring.model_file import ModelFile, new_model_file
from tests.merge_desk import Office, contact, key
from tests.store.pending_proposals import open_store

SHIPPED = shipped_model().version
EVALUATION = ModelEvaluation("EVEN", ("people: so and so",))


def model_file(shift_bits: float) -> ModelFile:
    """A model that gives people so many bits more than the shipped one."""
    shipped = shipped_model()
    return new_model_file(
        shifted(shipped.people.parameters, shift_bits),
        shipped.companies.parameters,
        origin=f"moved by {shift_bits}",
        time=datetime(2026, 3, 4, tzinfo=UTC),
    )


def compared(verdict: ComparisonVerdict) -> ModelComparison:
    """A comparison on labels with this verdict."""
    gain = {ComparisonVerdict.BETTER: 1.0, ComparisonVerdict.EVEN: 0.0, ComparisonVerdict.WORSE: -1.0}
    if verdict not in gain:
        return ModelComparison((), ())
    figures = LabelFigures(0.9, 0.9, 0.9, 0.01, 0.1)
    return ModelComparison(
        (LabelComparison(Entity.PERSON, 60, 60, figures, figures, gain[verdict], 0.1),), ()
    )


def models_of(office: Office) -> ScoringModels:
    return office.desk.matching.models


async def add(office: Office, shift_bits: float) -> StoredModel:
    return await models_of(office).add(model_file(shift_bits), EVALUATION)


async def weight(office: Office) -> float:
    [score] = await office.desk.matching.score([(key("a"), key("b"))])
    return score.match_weight_bits


async def test_a_candidate_scores_nothing(office: Office) -> None:
    """Adding a model shifts no score, however often the model in use is renewed."""
    await office.put(contact("a"), contact("b"))
    before = await weight(office)
    stored = await add(office, 3.0)
    await models_of(office).in_use.renew()
    assert stored.state is ScoringModelState.CANDIDATE
    assert await weight(office) == before


async def test_an_activated_model_scores_from_the_next_renewal(office: Office) -> None:
    """Scores are those of the new model, and of the shipped one again after going back."""
    await office.put(contact("a"), contact("b"))
    models, before = models_of(office), await weight(office)
    stored = await add(office, 3.0)
    assert await models.activate(stored.version) == SHIPPED
    await models.in_use.renew()
    assert models.in_use.current.version == stored.version
    assert await weight(office) == pytest.approx(before + 3.0, abs=1e-4)
    assert await models.activate(SHIPPED) == stored.version
    await models.in_use.renew()
    assert models.in_use.current is shipped_model()
    assert await weight(office) == before


async def test_a_change_reaches_another_process(office: Office, database_url: str) -> None:
    """What one process activates, another one finds in the store."""
    stored = await add(office, 3.0)
    async with open_store(database_url, 1) as there:
        in_use = ModelInUse(there)
        running = asyncio.create_task(in_use.run())
        await models_of(office).activate(stored.version)
        async with asyncio.timeout(10):
            while in_use.current.version != stored.version:  # noqa: ASYNC110  the task tells nobody
                await asyncio.sleep(0.05)
        running.cancel()


async def test_the_list_begins_with_the_model_in_use(office: Office) -> None:
    """Then come the others, the newest first; the shipped model is always among them."""
    models = models_of(office)
    first, second = await add(office, 1.0), await add(office, 2.0)

    async def listed() -> list[tuple[str, ScoringModelState]]:
        return [(one.version, one.state) for one in await models.listed()]

    candidate, active, retired = ScoringModelState
    assert await listed() == [(SHIPPED, active), (second.version, candidate), (first.version, candidate)]
    await models.activate(first.version)
    assert await listed() == [(first.version, active), (second.version, candidate), (SHIPPED, retired)]
    await models.activate(second.version)
    assert await listed() == [(second.version, active), (first.version, retired), (SHIPPED, retired)]


async def test_adding_a_model_again_changes_nothing(office: Office) -> None:
    """A model that is in use stays so, with what was found of it the first time."""
    stored = await add(office, 1.0)
    await models_of(office).activate(stored.version)
    again = await models_of(office).add(model_file(1.0), ModelEvaluation("WORSE"))
    assert again.state is ScoringModelState.ACTIVE
    assert again.evaluation == EVALUATION


async def test_what_is_stored_is_what_was_added(office: Office) -> None:
    """Parameters, origin and evaluation are read as they were given."""
    stored = await add(office, 1.5)
    found = await models_of(office).model(stored.version)
    assert found.stored == stored
    assert msgspec.json.decode(found.stored.parameters, type=ModelFile) == model_file(1.5)
    assert found.model is not None
    assert found.model.people.prior_bits == pytest.approx(shipped_model().people.prior_bits + 1.5, abs=1e-4)


async def test_a_model_that_is_not_there_or_in_use_already_is_not_activated(office: Office) -> None:
    """Both are refused by name, the shipped model included."""
    stored = await add(office, 1.0)
    with pytest.raises(NotFound):
        await models_of(office).activate("trained-20260101-0000000000")
    with pytest.raises(StateNotAllowed):
        await models_of(office).activate(SHIPPED)
    await models_of(office).activate(stored.version)
    with pytest.raises(StateNotAllowed):
        await models_of(office).activate(stored.version)


def of_another_release(file: ModelFile) -> ModelFile:
    """The model without one of the comparisons of this release."""
    people = msgspec.structs.replace(file.people, comparisons=file.people.comparisons[1:])
    return msgspec.structs.replace(file, people=people)


async def test_a_model_of_another_release_is_not_kept(office: Office) -> None:
    """Comparisons other than this release's are refused before anything is stored."""
    with pytest.raises(InvalidInput, match="comparisons are"):
        await models_of(office).add(of_another_release(model_file(1.0)), EVALUATION)
    assert [one.version for one in await models_of(office).listed()] == [SHIPPED]


def spoil(database_url: str, version: str, parameters: bytes) -> None:
    """What an older or newer release may have left in the store."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE scoring_models SET parameters = %s WHERE version = %s", [parameters.decode(), version]
        )


@pytest.mark.parametrize("what", ["another release", "no JSON"])
async def test_a_stored_model_that_cannot_be_used_is_not_activated(
    office: Office, database_url: str, what: str
) -> None:
    """The refusal says why, and what is in use stays."""
    stored = await add(office, 1.0)
    other = msgspec.json.encode(of_another_release(model_file(1.0)))
    spoil(database_url, stored.version, other if what == "another release" else b"{")
    with pytest.raises(StateNotAllowed, match="cannot be used by this release"):
        await models_of(office).activate(stored.version)
    assert await office.store.read(lambda tx: tx.active_scoring_model_version()) == ""


async def test_a_model_in_use_that_cannot_be_used_is_said_once(
    office: Office, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At a start the shipped model scores instead; the log says so as an error, once and not every second."""
    stored = await add(office, 1.0)
    await models_of(office).activate(stored.version)
    spoil(database_url, stored.version, b"{}")
    in_use = ModelInUse(office.store)
    with caplog.at_level(logging.ERROR):
        await in_use.renew()
        await in_use.renew()
    assert in_use.current is shipped_model()
    [said] = [each.getMessage() for each in caplog.records]
    assert f"SCORING MODEL {stored.version} CANNOT BE USED" in said
    assert SHIPPED in said
    listed = await models_of(office).model(stored.version)
    assert listed.model is None
    assert listed.problem


@pytest.mark.parametrize("verdict", ComparisonVerdict)
async def test_a_worse_model_is_kept_and_not_put_in_use(office: Office, verdict: ComparisonVerdict) -> None:
    """Whatever is not found to be worse is put in use where that is asked, and only where it is."""
    models = models_of(office)
    for activate, shift_bits in ((False, 1.0), (True, 2.0)):
        trained = TrainedModel(model_file(shift_bits), (), compared(verdict))
        kept = await keep_model(models, trained, activate=activate)
        assert kept.stored.evaluation.verdict == verdict
        is_used = activate and verdict is not ComparisonVerdict.WORSE
        assert kept.before == (SHIPPED if is_used else "")
        found = await office.store.read(lambda tx: tx.active_scoring_model_version())
        assert found == (kept.stored.version if is_used else "")


async def test_activations_at_once_leave_one_in_use(office: Office) -> None:
    """Two that are put in use at the same time come one after the other."""
    stored = [await add(office, float(shift)) for shift in (1, 2, 3)]
    await asyncio.gather(*(models_of(office).activate(one.version) for one in stored))
    states = [one.state for one in await models_of(office).listed()]
    assert states == [ScoringModelState.ACTIVE, *[ScoringModelState.RETIRED] * 3]


async def test_a_deleted_model_leaves_nothing_but_its_name(office: Office) -> None:
    """One that is not in use can be deleted; the one in use and the shipped one cannot."""
    models = models_of(office)
    first, second = await add(office, 1.0), await add(office, 2.0)
    await models.activate(second.version)
    with pytest.raises(StateNotAllowed):
        await models.delete(second.version)
    with pytest.raises(StateNotAllowed, match="ships with this release"):
        await models.delete(SHIPPED)
    await models.delete(first.version)
    assert [one.version for one in await models.listed()] == [second.version, SHIPPED]
    with pytest.raises(NotFound):
        await models.model(first.version)
    listed = await office.store.read(lambda tx: tx.list_audit(Page()))
    assert (listed.items[-1].action, listed.items[-1].targets) == ("DeleteScoringModel", (first.name,))


async def test_a_proposal_is_weighed_by_the_model_in_use(office: Office) -> None:
    """The links of a new proposal, by which its policy judges it, are those of the trained model."""
    ids = await office.put(*(contact(name, given_name="Bob", family_name="Quux") for name in "abc"))
    before = await office.propose(*ids[:2])
    stored = await add(office, 3.0)
    await models_of(office).activate(stored.version)
    await models_of(office).in_use.renew()
    after = await office.propose(*ids[1:])
    assert before.weakest_link is not None
    assert after.weakest_link is not None
    moved = after.weakest_link.match_weight_bits - before.weakest_link.match_weight_bits
    assert moved == pytest.approx(3.0, abs=1e-4)


async def test_the_audit_log_tells_of_models(office: Office) -> None:
    """Who looks into the log later sees when which model came into use."""
    stored = await add(office, 1.0)
    await models_of(office).activate(stored.version)
    listed = await office.store.read(lambda tx: tx.list_audit(Page()))
    assert [(entry.action, entry.targets, entry.detail) for entry in listed.items] == [
        ("CreateScoringModel", (stored.name,), "trained, a candidate"),
        ("ActivateScoringModel", (stored.name,), f"in use after scoringModels/{SHIPPED}"),
    ]
