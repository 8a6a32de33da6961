"""All use cases of the merge desk under one roof, for the doors that offer them."""

from dataclasses import dataclass

from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Directory
from dedup_service.workflows.deciding import Deciding
from dedup_service.workflows.distinguishing import Distinguishing
from dedup_service.workflows.following import Following
from dedup_service.workflows.index_port import BlockingIndex, IndexProgress
from dedup_service.workflows.matching import Matching
from dedup_service.workflows.ports import ClockNow, Store
from dedup_service.workflows.proposing import Proposing
from dedup_service.workflows.reading import Readings
from dedup_service.workflows.records import RecordWriter
from dedup_service.workflows.sweeping import Sweeping
from dedup_service.workflows.undoing import Undoing


@dataclass(frozen=True, slots=True)
class Desk:
    """The use cases, wired to one store and one index; `store_id` marks tokens as this store's."""

    store: Store
    store_id: str
    index: BlockingIndex
    progress: IndexProgress
    policy: Policy
    directory: Directory
    now: ClockNow
    records: RecordWriter
    readings: Readings
    matching: Matching
    proposing: Proposing
    deciding: Deciding
    undoing: Undoing
    distinguishing: Distinguishing
    following: Following
    sweeping: Sweeping
