"""What the scoring models that were trained need of a store."""

from datetime import datetime
from typing import Protocol

from dedup_service.domain.scoring_models import StoredModel


class ScoringModelReads(Protocol):
    """Trained models as a snapshot has them."""

    async def active_scoring_model_version(self) -> str:
        """Which trained model is in use; empty for the shipped one."""
        ...

    async def scoring_model(self, version: str) -> StoredModel | None: ...

    async def scoring_models(self) -> tuple[StoredModel, ...]:
        """All trained models without their parameters, the newest first."""
        ...


class ScoringModelWrites(Protocol):
    """Trained models as a write changes them."""

    async def insert_scoring_model(self, model: StoredModel) -> None:
        """Keep a new candidate."""
        ...

    async def activate_scoring_model(self, version: str, time: datetime) -> None:
        """Put a trained model in use in place of the one that is; an empty version, the shipped one."""
        ...

    async def delete_scoring_model(self, version: str) -> None: ...
