"""A merge proposal for the person who decides: what it would do, what it hurts, and what is missing."""

from collections.abc import Iterable

from dedup_service.cli.output import Output
from dedup_service.cli.words import bits, moment, plural, shown, who, word
from dedup_service.v1.merge_plan_pb2 import GoldenLink, MergePlan
from dedup_service.v1.merge_proposal_service_pb2 import MergeProposal


def proposal_table(out: Output, proposals: Iterable[MergeProposal]) -> None:
    """One line a proposal."""
    out.table(
        ("proposal", "state", "impact", "kind", "goldens", "weakest link", "who", "missing"),
        [
            (
                each.name,
                word(each, "state"),
                word(each, "impact"),
                _kind(each),
                str(len(each.golden_records)),
                _strength(each.weakest_link) if each.HasField("weakest_link") else "",
                who({field: value.value.value for field, value in each.plan.values.items()}),
                ", ".join(each.missing_functions) or ("veto" if each.vetoes else ""),
            )
            for each in proposals
        ],
        right=("goldens",),
    )


def show_proposal(out: Output, proposal: MergeProposal) -> None:
    """Everything about one proposal."""
    out.line(f"{proposal.name}  {word(proposal, 'state')}", "bold")
    out.line(
        f"{word(proposal, 'type')} of {_kind(proposal)}, {word(proposal, 'impact')} impact, "
        f"proposed by {shown(proposal.proposer)} at {moment(proposal.create_time)}"
    )
    out.line(f"plan hash {proposal.etag}")
    for text in (proposal.comment, proposal.closing_comment):
        if text:
            out.line(f'"{shown(text)}"')
    if proposal.merge:
        out.line(f"carried out as {proposal.merge}")
    _show_plan(out, proposal.plan)
    _show_links(out, proposal)
    out.bullets(
        "why this impact", (f"{word(each, 'impact')}: {each.reason}" for each in proposal.impact_reasons)
    )
    _show_decision(out, proposal)


def _show_plan(out: Output, plan: MergePlan) -> None:
    out.table(
        ("golden record", "", "kind", "members"),
        [
            (
                member.golden_record,
                "survivor" if member.golden_record == plan.survivor else "",
                word(member, "kind"),
                "\n".join(record.record for record in member.records),
            )
            for member in plan.members
        ],
        "golden records to merge",
    )
    rows = []
    for field, preview in sorted(plan.values.items()):
        losing = [f"{each.value}  ({each.record})" for each in preview.losing_values]
        source = f"{preview.value.record}, {word(preview.value, 'rule')}"
        rows.append((field, preview.value.value, source, losing[0] if losing else ""))
        rows += [("", "", "", text) for text in losing[1:]]
    out.table(("field", "survives", "from", "does not survive"), rows, "values of the survivor")
    out.table(
        ("kind", "id", "record", "below now"),
        [
            (
                word(each.child.child, "kind"),
                each.child.child.child_id,
                each.child.record,
                each.from_golden_record,
            )
            for each in plan.moving_children
        ],
        "children that would move to the survivor",
    )


def _show_links(out: Output, proposal: MergeProposal) -> None:
    weakest = proposal.weakest_link
    out.table(
        ("left", "right", "bits", "probability", ""),
        [
            (
                link.left,
                link.right,
                bits(link.match_weight_bits),
                f"{link.match_probability:.4f}",
                "weakest" if link == weakest else "",
            )
            for link in proposal.links
        ],
        "how strongly they match",
        right=("bits", "probability"),
    )


def _show_decision(out: Output, proposal: MergeProposal) -> None:
    out.table(
        ("who must approve", "people", "approved by", "", "why"),
        [
            (
                " or ".join(need.functions) or "nobody",
                str(need.people_count),
                ", ".join(need.approved_by) or "-",
                "done" if need.satisfied else "missing",
                need.reason,
            )
            for need in proposal.requirements
        ],
        "approvals",
        right=("people",),
    )
    out.table(
        ("who", "for", "vote", "when", "counts", "comment"),
        [
            (
                vote.principal,
                ", ".join(vote.functions),
                word(vote, "decision"),
                moment(vote.create_time),
                "yes" if vote.counts else f"no: {vote.void_reason}",
                vote.comment,
            )
            for vote in proposal.votes
        ],
        "votes",
    )
    stakes = sorted({(stake.function, stake.record, stake.reason) for stake in proposal.stakes})
    out.table(("function", "record", "reason"), stakes, "stakes")
    out.bullets(
        "the plan has changed",
        (
            f"{moment(change.create_time)}: {'; '.join(change.differences)} "
            f"({plural(change.voided_vote_count, 'vote')} voided)"
            for change in proposal.plan_changes
        ),
    )
    out.bullets("vetoed", (f"{veto.rule}: {veto.reason}" for veto in proposal.vetoes))
    out.bullets("still missing", proposal.missing)
    _show_next(out, proposal)


def _show_next(out: Output, proposal: MergeProposal) -> None:
    state = word(proposal, "state")
    if state == "APPROVED":
        out.heading(f"nothing is missing: dedup execute {proposal.name}")
    elif state == "PENDING" and not proposal.vetoes:
        _say_how_to_decide(out, proposal)


def _say_how_to_decide(out: Output, proposal: MergeProposal) -> None:
    """The commands that decide on the plan shown, and on no later one; a preview has no name to decide on."""
    if proposal.name:
        out.heading("to decide on the plan above")
        for verb in ("approve", "reject"):
            out.line(f"dedup {verb} {proposal.name} --etag {proposal.etag}")


def _strength(link: GoldenLink) -> str:
    return f"{bits(link.match_weight_bits)} bits, {link.match_probability:.3f}"


def _kind(proposal: MergeProposal) -> str:
    return word(proposal, "kind")
