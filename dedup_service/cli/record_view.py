"""Records, golden records and merges for a person to read."""

from collections.abc import Iterable

from dedup_service.cli.output import Output
from dedup_service.cli.plan_view import show_stakes
from dedup_service.cli.words import moment, money, record_words, rule_words, shown, word
from dedup_service.v1.core_pb2 import Child, Fact, GoldenChild
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.merge_service_pb2 import Merge
from dedup_service.v1.record_service_pb2 import Record


def show_record(out: Output, record: Record) -> None:
    """What one source says."""
    out.line(f"{record.name}  {word(record, 'kind')}  {word(record, 'state')}", "bold")
    out.line(f"member of {record.golden_record}, etag {record.etag}, written {moment(record.update_time)}")
    if record.lead_class:
        out.line(f"lead class {word(record, 'lead_class')}: {shown(record.lead_class_reason)}")
    if record.account_state:
        out.line(f"account state {word(record, 'account_state')}")
    if record.person_account:
        out.line("a person account")
    owner = record.owner
    if record.HasField("owner"):
        names = [owner.principal, owner.function, f"queue {owner.queue}" if owner.queue else ""]
        out.line(f"owner {shown(', '.join(name for name in names if name))}")
    for label, link in (("account", record.account), ("parent", record.parent)):
        if link:
            out.line(f"{label} {shown(link)}")
    out.table(("field", "value"), sorted(record.values.items()), "values")
    out.table(("fact", "value"), [(fact.name, _fact(fact)) for fact in record.facts], "facts")
    _children(out, [(child, record_words(record.name)) for child in record.children])


def show_golden_record(out: Output, golden: GoldenRecord) -> None:
    """What all members say together."""
    out.line(f"{golden.name}  {word(golden, 'kind')}  {word(golden, 'state')}", "bold")
    if golden.redirect_chain:
        out.line(f"asked for as {' -> '.join(golden.redirect_chain)}, merged into this one since")
    if golden.successor:
        out.line(f"merged into {golden.successor} by {golden.merge}")
    if golden.lead_class:
        out.line(f"lead class {word(golden, 'lead_class')}")
    if golden.account_state:
        out.line(f"account state {word(golden, 'account_state')}")
    out.table(
        ("field", "value", "from", "rule"),
        [
            (field, value.value, record_words(value.record), rule_words(value))
            for field, value in sorted(golden.values.items())
        ],
        "values",
    )
    out.bullets("members", golden.members)
    show_stakes(out, golden.stakes)
    _golden_children(out, golden.children)


def show_merge(out: Output, merge: Merge) -> None:
    """A merge that was carried out, and whether it stands."""
    out.line(f"{merge.name}  {word(merge, 'state')}", "bold")
    out.line(f"executed by {merge.executor} at {moment(merge.execute_time)} from {merge.proposal}")
    out.line(f"survivor {merge.survivor}, etag {merge.etag}")
    out.table(
        ("merged away", "records that moved"),
        [(away.golden_record, tuple(away.records)) for away in merge.merged_golden_records],
        "golden records",
    )
    for before in merge.before:
        rows = sorted(before.image.values.items())
        out.table(("field", "value"), rows, f"{before.image.name} before the merge")
    if word(merge, "state") == "UNDONE":
        out.heading(f"undone by {merge.undo_principal} at {moment(merge.undo_time)}")
        out.line(f'"{shown(merge.undo_reason)}"')
    out.bullets("conflicts", (f"{each.field}: {each.explanation}" for each in merge.conflicts))
    if word(merge, "state") == "EXECUTED":
        out.heading(f"to undo: dedup undo {merge.name} --reason WHY")


def _golden_children(out: Output, children: Iterable[GoldenChild]) -> None:
    _children(out, [(each.child, record_words(each.record)) for each in children])


def _children(out: Output, children: Iterable[tuple[Child, str]]) -> None:
    out.table(
        ("kind", "id", "open", "owner", "amount", "record"),
        [
            (
                word(child, "kind"),
                child.child_id,
                "open" if child.open else "",
                child.owner,
                money(child.amount) if child.HasField("amount") else "",
                record,
            )
            for child, record in children
        ],
        "children",
    )


def _fact(fact: Fact) -> str:
    kind = fact.WhichOneof("value")
    if kind == "amount":
        return money(fact.amount)
    if kind == "time":
        return moment(fact.time)
    if kind == "flag":
        return "yes" if fact.flag else "no"
    return str(fact.count) if kind == "count" else fact.text
