"""What many callers did and were answered, and whether one order of it all explains every answer.

Every write that is carried out has a revision, so there is one order to try: that of the revisions. It must
keep what one caller saw end before another began, each answer must be what the reference gives at its place,
and each refusal what it gives somewhere between its beginning and its end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.trust.model.reference import Rec, Reference


@dataclass(slots=True)
class Operation:
    """One call: what it was, when it began and ended by a clock that all callers share, and its answer.

    `kind` is read, edit, vote, execute or undo; `of` the record, proposal or merge; `said` the value or vote.
    `revision` is of the write, or 0 where it wrote nothing; `etag` is that of the plan that was seen or read.
    """

    kind: str
    of: str
    said: str
    etag: str
    began: int
    ended: int = 0
    code: str = ""
    revision: int = 0
    shown: str = ""


@dataclass(slots=True)
class Order(Reference):
    """The reference, with the plans of proposals numbered and who approved them."""

    plans: dict[str, int] = field(default_factory=dict)
    approved: dict[str, bool] = field(default_factory=dict)

    def replan(self, touched: Collection[str]) -> None:
        """Every open proposal of what was written has another plan, and no votes."""
        met = [i for i in self.opened() if self.proposals[i].members & set(touched)]
        Reference.replan(self, touched)
        for proposal_id in met:
            if self.proposals[proposal_id].state == "PENDING":
                self.plans[proposal_id] = self.plans.get(proposal_id, 0) + 1
                self.approved[proposal_id] = False

    def seen(self) -> dict[str, tuple[str, int, bool]]:
        """Each proposal's state, plan and approval; each merge's state, and whether it can be undone."""
        shown = {
            i: (proposal.state, self.plans.get(i, 0), self.approved.get(i, False))
            for i, proposal in self.proposals.items()
        }
        for merge_id, merged in self.merges.items():
            shown[merge_id] = (
                "STANDS" if merged.stands else "UNDONE",
                0,
                not self.successor[merged.survivor],
            )
        return shown


class Checker:
    """Replays a history in the order of its revisions."""

    def __init__(self, start: Order, first_revision: int, etags: dict[str, str]) -> None:
        """`etags` are those of each proposal's first plan."""
        self.order = start
        self._first = first_revision
        self._at = {first_revision: start.seen()}
        self._plans = dict.fromkeys(etags.items(), 0)
        self.problems: list[str] = []

    def check(self, history: Sequence[Operation]) -> list[str]:
        """Everything that no order explains."""
        one_undo_each(history)
        done = sorted((op for op in history if op.revision), key=lambda op: op.revision)
        revisions = [op.revision for op in done]
        if revisions != list(range(self._first + 1, self._first + 1 + len(done))):
            self.problems.append(f"the revisions are not one after the other: {revisions}")
            return self.problems
        self._in_time(done)
        for op in done:
            self._apply(op, [other for other in history if other.kind == "read"])
            self._at[op.revision] = self.order.seen()
        for op in history:
            if not op.revision:
                self._explain(op, done)
        return self.problems

    def _in_time(self, done: Sequence[Operation]) -> None:
        """What ended before another began is before it."""
        latest = 0
        for op in done:
            if op.ended < latest:
                self.problems.append(f"{op} ended before something of a smaller revision began")
            latest = max(latest, op.began)

    def _apply(self, op: Operation, reads: Sequence[Operation]) -> None:
        """Do to the reference what the call did, if it may be done there."""
        for read in reads:
            self._learn(read, op.revision - 1)
        why = self._refusal(op, self._at[op.revision - 1])
        if why:
            self.problems.append(f"{op} was carried out where it is refused with {why}")
            return
        order = self.order
        if op.kind == "edit":
            record = order.records[op.of]
            record.values = {"email": op.said}
            order.replan([record.golden])
        elif op.kind == "vote" and op.said == "REJECT":
            order.proposals[op.of].state = "REJECTED"
        elif op.kind == "vote":
            order.approved[op.of] = True
        elif op.kind == "execute":
            order.merge(op.shown, op.of, op.said)
        elif op.kind == "undo":
            order.undo(op.of)

    def _learn(self, read: Operation, revision: int) -> None:
        """A read tells which etag is which plan: that of the last write to the proposal."""
        if int(read.said) <= revision and (read.of, read.etag) not in self._plans:
            shown = self._at.get(max(int(read.said), self._first), {}).get(read.of)
            if shown is not None:
                self._plans[read.of, read.etag] = shown[1]

    def _refusal(self, op: Operation, shown: dict[str, tuple[str, int, bool]]) -> str:
        """What the call is refused with where things stand so; empty where it is carried out."""
        if op.kind in ("edit", "read"):
            return ""
        state, plan, flag = shown.get(op.of, ("MISSING", 0, False))
        if op.kind == "undo":
            if state == "UNDONE":
                return "UNDONE"
            return "" if state == "STANDS" and flag else "StateNotAllowed"
        if state != "PENDING":
            return "StateNotAllowed"
        if self._plans.get((op.of, op.etag)) != plan:
            return "EtagMismatch"
        return "ApprovalsMissing" if op.kind == "execute" and not flag else ""

    def _explain(self, op: Operation, done: Sequence[Operation]) -> None:
        """A refusal or a read must be right at some moment while the call was under way."""
        after = max((other.revision for other in done if other.ended < op.began), default=self._first)
        before = min(
            (other.revision for other in done if other.began > op.ended), default=done[-1].revision + 1
        )
        moments = [self._at[revision] for revision in range(after, before)]
        for read in [op] if op.kind == "read" else []:
            self._learn(read, done[-1].revision)
        # Who lost too many races in a row is told so, and nothing was done; that needs no moment.
        if op.code != "StoreUnavailable" and not any(self._fits(op, shown) for shown in moments):
            self.problems.append(f"{op} is explained by no moment from {after} to {before - 1}")

    def _fits(self, op: Operation, shown: dict[str, tuple[str, int, bool]]) -> bool:
        if op.kind != "read":
            return self._refusal(op, shown) == op.code
        state, plan, flag = shown.get(op.of, ("MISSING", 0, False))
        said = "APPROVED" if state == "PENDING" and flag else state
        return op.shown == said and (state != "PENDING" or self._plans.get((op.of, op.etag)) == plan)


def one_undo_each(history: Sequence[Operation]) -> None:
    """An undo of what is undone already answers with the undo that was: only one call carried it out."""
    undone: dict[str, list[Operation]] = {}
    for op in history:
        if op.kind == "undo" and op.revision:
            undone.setdefault(op.of, []).append(op)
    for calls in undone.values():
        # They are alike in all that is answered; the first to end is one that an order can have carried out.
        for later in sorted(calls, key=lambda op: op.ended)[1:]:
            later.code, later.revision = "UNDONE", 0


def started(records: dict[str, str]) -> Order:
    """The reference of contacts that are golden records of their own, by name."""
    order = Order()
    for name, golden_id in records.items():
        order.records[name] = Rec("CONTACT", golden_id)
        order.successor[golden_id] = ""
    return order


def final_differences(order: Order, membership: dict[str, str], states: dict[str, str]) -> list[str]:
    """Where the store ends elsewhere than the order."""
    expected: dict[str, Any] = {name: record.golden for name, record in order.records.items()}
    expected |= {i: proposal.state for i, proposal in order.proposals.items()}
    found = membership | {i: "PENDING" if state == "APPROVED" else state for i, state in states.items()}
    return [
        f"{key} ends as {found.get(key)}, and should as {expected[key]}"
        for key in expected
        if found.get(key) != expected[key]
    ]
