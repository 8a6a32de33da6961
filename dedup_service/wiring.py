"""Which parts each use case is made of: a store, an index and rules in, all use cases out."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dedup_service.domain.retention import AS_SHIPPED, Retention
from dedup_service.index.follower import IndexFollower
from dedup_service.index.redis_index import RedisIndex
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.attending import Attending
from dedup_service.workflows.batch_deciding import BatchDeciding
from dedup_service.workflows.cleaning.cleaning import Cleaning
from dedup_service.workflows.confirming import Confirming
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.delegating import Delegating
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.distinguishing import Distinguishing
from dedup_service.workflows.escalating import Escalating
from dedup_service.workflows.following import Following
from dedup_service.workflows.forgetting import KeepingShort, PublishingHeads
from dedup_service.workflows.golden_history import GoldenHistory
from dedup_service.workflows.intake.becoming import Becoming
from dedup_service.workflows.intake.carrying_out import CarryingOut
from dedup_service.workflows.intake.claiming import Claiming
from dedup_service.workflows.intake.converting import Converting
from dedup_service.workflows.intake.gathering import Gathering
from dedup_service.workflows.intake.planning import Planning
from dedup_service.workflows.intake.routing import Routing
from dedup_service.workflows.intake.search import Search
from dedup_service.workflows.intake.simulating import TerritorySimulating
from dedup_service.workflows.lead_readings import LeadReadings
from dedup_service.workflows.matching import Matching
from dedup_service.workflows.overview_readings import OverviewReadings
from dedup_service.workflows.policies import Policies
from dedup_service.workflows.ports import ClockNow, Ids
from dedup_service.workflows.privacy import Privacy
from dedup_service.workflows.proposing import Proposing
from dedup_service.workflows.reading import Readings
from dedup_service.workflows.record_changes import RecordChanges
from dedup_service.workflows.records import RecordWriter
from dedup_service.workflows.replan import Replanning
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ModelInUse, ScoringModels
from dedup_service.workflows.simulating import Simulating
from dedup_service.workflows.sweeping import Sweeping
from dedup_service.workflows.undoing import Undoing
from dedup_service.workflows.upkeep import Upkeep
from dedup_service.workflows.vocabulary import VocabularyInUse


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the larger groups of use cases have in common."""

    store: PostgresStore
    rules: Rules
    models: ScoringModels
    assessment: Assessment
    replanning: Replanning
    proposing: Proposing
    vocabulary: VocabularyInUse
    data_entry: DataEntry
    now: ClockNow
    new_id: Ids

    @property
    def model(self) -> ModelInUse:
        return self.models.in_use


def wire(
    store: PostgresStore,
    store_id: str,
    index: RedisIndex,
    follower: IndexFollower,
    rules: Rules,
    now: ClockNow = lambda: datetime.now(UTC),
    new_id: Ids = lambda: uuid.uuid4().hex,
    engines: Collection[str] = (),
    retention: Retention = AS_SHIPPED,
    head_interval: timedelta | None = None,
) -> Desk:
    """All use cases on these parts; `engines` are the names of those that a cleanup job may have.

    Without a `head_interval` no head of the audit is published.
    """
    parts = _parts(store, rules, now, new_id)
    assessment, replanning = parts.assessment, parts.replanning
    routing, converting = _intake(parts, index)
    deciding = Deciding(store, assessment, replanning, new_id)
    escalating = Escalating(store, assessment)
    attending = Attending(store, rules, replanning)
    cleaning = Cleaning(store, rules, parts.model, now, new_id, engines)
    return Desk(
        store=store,
        store_id=store_id,
        index=index,
        progress=follower,
        rules=rules,
        assessment=assessment,
        now=now,
        vocabulary=parts.vocabulary,
        data_entry=parts.data_entry,
        records=RecordWriter(store, rules, parts.data_entry, replanning, new_id),
        readings=Readings(store, rules, now),
        routing=routing,
        gathering=Gathering(routing),
        converting=converting,
        territory_simulating=TerritorySimulating(store, rules),
        matching=Matching(store, index, follower, rules, parts.models, now),
        proposing=parts.proposing,
        deciding=deciding,
        batch_deciding=BatchDeciding(store, assessment, deciding, now),
        escalating=escalating,
        attending=attending,
        lead_readings=LeadReadings(store, rules, now),
        overview_readings=OverviewReadings(store, index, rules, now),
        golden_history=GoldenHistory(store),
        delegating=Delegating(store, assessment, new_id),
        confirming=Confirming(store, assessment, replanning),
        policies=Policies(store, rules),
        privacy=Privacy(store, rules),
        simulating=Simulating(store, rules, now),
        undoing=Undoing(store, assessment, replanning, new_id),
        distinguishing=Distinguishing(store, assessment, replanning, new_id),
        following=Following(store, rules),
        sweeping=Sweeping(store, index, follower, parts.proposing, rules, parts.model, now),
        cleaning=cleaning,
        upkeep=_upkeep(parts, escalating, attending, cleaning, retention, head_interval),
    )


def _parts(store: PostgresStore, rules: Rules, now: ClockNow, new_id: Ids) -> _Parts:
    """The common parts, and store and rules tied to one another."""
    rules.read_from(store)
    store.follow_rules(rules)
    models = ScoringModels(store, ModelInUse(store))
    assessment = Assessment(rules, models.in_use)
    vocabulary = VocabularyInUse(store, rules)
    return _Parts(
        store=store,
        rules=rules,
        models=models,
        assessment=assessment,
        replanning=Replanning(assessment),
        proposing=Proposing(store, assessment, new_id),
        vocabulary=vocabulary,
        data_entry=DataEntry(rules, vocabulary),
        now=now,
        new_id=new_id,
    )


def _intake(parts: _Parts, index: RedisIndex) -> tuple[Routing, Converting]:
    """What recognises newcomers and leads, and acts on it."""
    planning = Planning(Search(index, parts.model), parts.rules, parts.now)
    claiming = Claiming(planning, parts.replanning, parts.model, parts.rules)
    changes = RecordChanges(parts.rules, parts.replanning, parts.new_id)
    routing = Routing(
        parts.store,
        parts.rules,
        parts.model,
        planning,
        claiming,
        CarryingOut(parts.rules, changes, parts.proposing),
        parts.data_entry,
        parts.now,
        parts.new_id,
    )
    becoming = Becoming(parts.rules, claiming, changes, parts.replanning, parts.proposing, parts.data_entry)
    converting = Converting(
        parts.store, parts.rules, planning, becoming, parts.proposing, parts.data_entry, parts.new_id
    )
    return routing, converting


def _upkeep(
    parts: _Parts,
    escalating: Escalating,
    attending: Attending,
    cleaning: Cleaning,
    retention: Retention,
    head_interval: timedelta | None,
) -> Upkeep:
    """What is done now and then, whoever calls."""
    return Upkeep(
        parts.store,
        parts.rules,
        parts.replanning,
        escalating,
        attending,
        cleaning,
        parts.now,
        KeepingShort(parts.store, retention),
        PublishingHeads(parts.store, head_interval),
    )
