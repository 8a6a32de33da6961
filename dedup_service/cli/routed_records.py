"""Records that go through intake: who they are is asked first, and what refers to them follows the answer."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import BadRequest

from dedup_service.cli.csv_rows import ReadRecord
from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import IntakeAction, RouteItem, RouteResponse, RouteResult


@dataclass(frozen=True, slots=True)
class RoutedRecord:
    """What became of some rows: the answer of intake, or the `problems` for which there is none.

    Rows that were rejected or left out as they were read say so in `read`.
    """

    read: ReadRecord
    answer: RouteResponse | None = None
    problems: tuple[str, ...] = ()
    revision: str = ""


@dataclass(slots=True)
class Router:
    """Routes the records of several files; `became` says which record each is now, by the name it came by.

    Where an account is found to be one that is known, contacts and subsidiaries that come later belong to
    that one.
    """

    client: DedupClient
    validate_only: bool = False
    became: dict[str, str] = field(default_factory=dict)

    def route(self, records: Iterable[ReadRecord]) -> Iterator[RoutedRecord]:
        """Every record once; subsidiaries come after their parents, and what is no record as it is met."""
        later: list[ReadRecord] = []
        passed: deque[RoutedRecord] = deque()
        yield from self._routed(_without_parent(records, later, passed), passed)
        while later:
            names = {read.record.name for read in later}
            # Where none is ready the parents go round in a ring, which is the service's to judge.
            ready = [read for read in later if read.record.parent not in names] or later
            yield from self._routed(ready, deque())
            sent = {read.record.name for read in ready}
            later = [read for read in later if read.record.name not in sent]

    def _routed(self, records: Iterable[ReadRecord], passed: deque[RoutedRecord]) -> Iterator[RoutedRecord]:
        """The answers in order, with what was `passed` over meanwhile in between."""
        sent: deque[ReadRecord] = deque()
        for done in self.client.route(self._items(records, sent), validate_only=self.validate_only):
            while passed:
                yield passed.popleft()
            for result in done.answer.results:
                yield self._answered(sent.popleft(), result, done.answer.revision.token)
        while passed:
            yield passed.popleft()

    def _items(self, records: Iterable[ReadRecord], sent: deque[ReadRecord]) -> Iterator[RouteItem]:
        for read in records:
            item = RouteItem(record=read.record)
            # Whether a lead of one system is a contact here is what intake is asked; contacts and
            # accounts are taken at their source's word.
            if item.record.kind == RecordKind.RECORD_KIND_LEAD:
                item.record.ClearField("kind")
            for name in ("account", "parent"):
                known_as = getattr(read.record, name)
                if known_as:
                    setattr(item.record, name, self.became.get(known_as, known_as))
            sent.append(read)
            yield item

    def _answered(self, read: ReadRecord, result: RouteResult, revision: str) -> RoutedRecord:
        if result.HasField("error"):
            return RoutedRecord(read, problems=tuple(_problems(result)))
        self.became[read.record.name] = result.answer.record.name
        return RoutedRecord(read, result.answer, revision=revision)


_ACTIONS = {
    IntakeAction.INTAKE_ACTION_INSERT: "inserted",
    IntakeAction.INTAKE_ACTION_INSERT_WITH_PROPOSAL: "inserted with a proposal to merge",
    IntakeAction.INTAKE_ACTION_UPDATE: "updated",
}


def action_word(answer: RouteResponse) -> str:
    """What intake did, in words."""
    return _ACTIONS.get(answer.action, "routed")


def _without_parent(
    records: Iterable[ReadRecord], later: list[ReadRecord], passed: deque[RoutedRecord]
) -> Iterator[ReadRecord]:
    for read in records:
        if read.problems or read.left_out:
            passed.append(RoutedRecord(read))
        elif read.record.parent:
            later.append(read)
        else:
            yield read


def _problems(result: RouteResult) -> Iterator[str]:
    """Every violation with its field, or what the error says where it has none."""
    found = False
    for detail in result.error.details:
        reason = BadRequest()
        if isinstance(detail, AnyMessage) and detail.Unpack(reason):
            for violation in reason.field_violations:
                found = True
                yield f"{violation.field.partition('.')[2] or violation.field}: {violation.description}"
    if not found:
        yield result.error.message
