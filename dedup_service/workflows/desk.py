"""All use cases of the merge desk under one roof, for the doors that offer them."""

from dataclasses import dataclass

from dedup_service.workflows.assessment import Assessment
from dedup_service.workflows.attending import Attending
from dedup_service.workflows.batch_deciding import BatchDeciding
from dedup_service.workflows.cleaning.cleaning import Cleaning
from dedup_service.workflows.confirming import Confirming
from dedup_service.workflows.data_entry import DataEntry
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.delegating import Delegating
from dedup_service.workflows.distinguishing import Distinguishing
from dedup_service.workflows.escalating import Escalating
from dedup_service.workflows.following import Following
from dedup_service.workflows.golden_history import GoldenHistory
from dedup_service.workflows.index_port import BlockingIndex, IndexProgress
from dedup_service.workflows.intake.converting import Converting
from dedup_service.workflows.intake.gathering import Gathering
from dedup_service.workflows.intake.routing import Routing
from dedup_service.workflows.intake.simulating import TerritorySimulating
from dedup_service.workflows.lead_readings import LeadReadings
from dedup_service.workflows.matching import Matching
from dedup_service.workflows.overview_readings import OverviewReadings
from dedup_service.workflows.policies import Policies
from dedup_service.workflows.ports import ClockNow, Store
from dedup_service.workflows.privacy import Privacy
from dedup_service.workflows.proposing import Proposing
from dedup_service.workflows.reading import Readings
from dedup_service.workflows.records import RecordWriter
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.simulating import Simulating
from dedup_service.workflows.sweeping import Sweeping
from dedup_service.workflows.undoing import Undoing
from dedup_service.workflows.upkeep import Upkeep
from dedup_service.workflows.vocabulary import VocabularyInUse


@dataclass(frozen=True, slots=True)
class Desk:
    """The use cases, wired to one store and one index; `store_id` marks tokens as this store's."""

    store: Store
    store_id: str
    index: BlockingIndex
    progress: IndexProgress
    rules: Rules
    assessment: Assessment
    now: ClockNow
    vocabulary: VocabularyInUse
    data_entry: DataEntry
    records: RecordWriter
    readings: Readings
    matching: Matching
    routing: Routing
    gathering: Gathering
    converting: Converting
    territory_simulating: TerritorySimulating
    proposing: Proposing
    deciding: Deciding
    batch_deciding: BatchDeciding
    escalating: Escalating
    attending: Attending
    lead_readings: LeadReadings
    overview_readings: OverviewReadings
    golden_history: GoldenHistory
    delegating: Delegating
    confirming: Confirming
    policies: Policies
    privacy: Privacy
    simulating: Simulating
    undoing: Undoing
    distinguishing: Distinguishing
    following: Following
    sweeping: Sweeping
    cleaning: Cleaning
    upkeep: Upkeep
