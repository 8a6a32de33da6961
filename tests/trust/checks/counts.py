"""The counts of proposals by group, which lists add up, against the proposals themselves."""

from collections import Counter
from typing import Any

from tests.trust.checks.rows import ProposalLine
from tests.trust.checks.stored import Stored

Group = tuple[Any, ...]


def counted(stored: Stored) -> list[str]:
    """A-1: every group of like proposals has the count that counting gives, and so has each owner in it."""
    groups: Counter[Group] = Counter()
    owners: Counter[tuple[Group, str]] = Counter()
    for proposal in stored.proposals.values():
        group = _group(proposal)
        groups[group] += 1
        owners.update((group, owner) for owner in proposal.owners)
    lines = stored.of("proposal_groups").values()
    kept = {
        key: (*map(tuple, (g.marks, g.missing_functions, g.escalated_to, g.but_not_for)),)
        for key, g in ((line.group_key, line) for line in lines)
    }
    problems = _differences("proposals", groups, Counter({kept[line.group_key]: line.held for line in lines}))
    told = Counter(
        {
            (kept.get(line.group_key, ()), line.owner): line.held
            for line in stored.of("proposal_group_owners").values()
        }
    )
    return problems + _differences("proposals of owners", owners, told)


def _group(proposal: ProposalLine) -> Group:
    open_now = str(proposal.state in ("PENDING", "APPROVED")).lower()
    marks = (
        *(f"state:{proposal.state}", f"open:{open_now}", f"type:{proposal.type}", f"kind:{proposal.kind}"),
        *(f"impact:{proposal.impact}", f"verdict:{proposal.verdict}", f"proposer:{proposal.proposer}"),
        f"escalated:{str(proposal.escalate_time is not None).lower()}",
        *(f"missing_functions:{name}" for name in proposal.missing_functions),
        *(f"source:{name}" for name in proposal.sources),
    )
    besides = (*proposal.voters, proposal.proposer) if proposal.state == "PENDING" else ()
    return marks, tuple(proposal.missing_functions), tuple(proposal.escalated_to), besides


def _differences(of: str, expected: Counter[Any], told: Counter[Any]) -> list[str]:
    return [
        f"A-1 {told[group]} {of} are counted where there are {expected[group]}: {group}"
        for group in expected.keys() | told.keys()
        if expected[group] != told[group]
    ]
