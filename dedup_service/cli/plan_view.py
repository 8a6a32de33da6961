"""What a proposal would do: whom and what it touches, and field by field what survives."""

from collections.abc import Iterable

from dedup_service.cli.output import Cell, Output
from dedup_service.cli.words import amounts, bits, plural, record_words, rule_words, word
from dedup_service.v1.core_pb2 import Stake
from dedup_service.v1.merge_plan_pb2 import ImpactPreview, MergePlan
from dedup_service.v1.merge_proposal_pb2 import MergeProposal

_MOST_CHILDREN = 20
_MOST_RECORDS = 5


def show_touched(out: Output, proposal: MergeProposal) -> None:
    """Whom and what executing it would touch, before anybody votes; nothing once it is over."""
    if not proposal.HasField("preview"):
        return
    preview = proposal.preview
    out.heading("what it would touch")
    out.text(f"functions with a stake: {', '.join(preview.functions) or 'none'}", indent=2, hang=4)
    out.text(f"people and queues who own some of it: {', '.join(preview.owners) or 'none'}", indent=2, hang=4)
    out.text(f"open pipeline: {amounts(preview.open_pipeline) or 'none'}", indent=2, hang=4)
    out.text(f"open invoices: {preview.open_invoice_count or 'none'}", indent=2, hang=4)
    for redirect in preview.redirects:
        systems = ", ".join(redirect.systems) or "no system"
        out.text(f"{redirect.from_golden_record} redirects; known to {systems}", indent=2, hang=4)
    _show_moving(out, preview)
    out.bullets("what will not move", preview.not_moving)


def _show_moving(out: Output, preview: ImpactPreview) -> None:
    if not preview.moving_children:
        out.text("no child reference moves", indent=2)
        return
    out.table(
        ("kind", "owner", "count", "open", "amount"),
        [
            (
                word(each, "kind"),
                each.owner or "nobody",
                f"{each.count:,}",
                f"{each.open_count:,}",
                amounts(each.amounts),
            )
            for each in preview.moving_children
        ],
        "children that would move to the survivor",
        right=("count", "open"),
    )


def show_plan(out: Output, plan: MergePlan) -> None:
    """The golden records, the values of the survivor, and the children that would move one by one."""
    out.heading("golden records to merge")
    for member in sorted(plan.members, key=lambda each: each.golden_record != plan.survivor):
        role = "survivor" if member.golden_record == plan.survivor else "merged away"
        out.text(f"{member.golden_record}  {word(member, 'kind')}, {role}", indent=2, hang=4)
        for record in member.records:
            out.text(record.record, indent=6)
    rows: list[tuple[Cell, ...]] = []
    for field, preview in sorted(plan.values.items()):
        losing = [f"{each.value} ({record_words(each.record)})" for each in preview.losing_values]
        source = f"{record_words(preview.value.record)}, {rule_words(preview.value)}"
        survives = f"{preview.value.value} ({source})" if preview.value.value else "nothing"
        rows.append((field, survives, losing))
    out.table(("field", "survives", "does not survive"), rows, "values of the survivor")
    children = plan.moving_children
    out.bullets(
        "child references that would move",
        (
            f"{word(child.child, 'kind')} {child.child.child_id} ({record_words(child.record)})"
            for child in (each.child for each in children[:_MOST_CHILDREN])
        ),
    )
    if len(children) > _MOST_CHILDREN:
        out.text(f"and {len(children) - _MOST_CHILDREN:,} more; --json names all", indent=4)


def show_links(out: Output, proposal: MergeProposal) -> None:
    """How strongly the golden records match; the weakest link is what holds them together."""
    weakest = proposal.weakest_link
    out.table(
        ("bits", "probability", "between", ""),
        [
            (
                bits(link.match_weight_bits),
                f"{link.match_probability:.4f}",
                (link.left, link.right),
                "holds the rest together" if link == weakest else "",
            )
            for link in proposal.links
        ],
        "how strongly they match",
        right=("bits", "probability"),
    )


def show_stakes(out: Output, found: Iterable[Stake]) -> None:
    """Why each function has a stake, with the records that say so."""
    records: dict[tuple[str, str], list[str]] = {}
    for stake in found:
        records.setdefault((stake.function, stake.reason), []).append(record_words(stake.record))
    out.table(
        ("function", "reason", "records"),
        [(function, reason, _some(names)) for (function, reason), names in sorted(records.items())],
        "stakes",
    )


def _some(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - _MOST_RECORDS
    return ", ".join(names[:_MOST_RECORDS]) + (f" and {plural(more, 'other')}" if more > 0 else "")
