"""Merges: that all parts of one are there or none (A-1), and that no two take the same record (B-3)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from tests.trust.checks.rows import GoldenLine, MergeLine, ProposalLine
from tests.trust.checks.stored import Stored


def whole(stored: Stored) -> list[str]:
    """A-1: membership, redirects, proposal, merge, change and audit entry of a merge or undo agree."""
    problems = []
    told = _told(stored)
    pointed = {g.golden_id: g for g in stored.goldens.values() if g.merge_id or g.successor_id}
    for merge in stored.merges.values():
        where = f"A-1 merges/{merge.merge_id}"
        stands = merge.state == "EXECUTED"
        problems += [f"{where} {problem}" for problem in _traces(stored, merge, told)]
        proposal = stored.proposals.get(merge.proposal_id)
        if proposal is None or (proposal.state, proposal.body["merge_id"]) != ("EXECUTED", merge.merge_id):
            problems.append(f"{where} is of a proposal that does not say so")
        merged = merged_ids(merge)
        standing = {
            row.golden_id: row.standing
            for row in stored.of("merged_golden_records").values()
            if row.merge_id == merge.merge_id
        }
        if standing != dict.fromkeys(merged, stands):
            problems.append(f"{where} is {merge.state}, its merged records say {standing}")
        for golden_id in merged:
            golden = stored.goldens[golden_id]
            of_this = (golden.merge_id, golden.successor_id) == (merge.merge_id, merge.survivor_id)
            if of_this != stands:
                problems.append(f"{where} is {merge.state}, goldenRecords/{golden_id} is {golden.state}")
            if of_this:
                pointed.pop(golden_id, None)
    problems += [f"A-1 goldenRecords/{golden_id} leads on without a standing merge" for golden_id in pointed]
    problems += _without_merge(stored)
    return problems


def _told(stored: Stored) -> set[tuple[int, str]]:
    """Each change by revision and type; the payload of an erased one is gone."""
    return {(change.revision, change.type) for change in stored.changes.values()}


def _traces(stored: Stored, merge: MergeLine, told: set[tuple[int, str]]) -> list[str]:
    """The change and the audit entry of the merge, and of its undo."""
    problems = []
    moments = [("MERGED", merge.revision)]
    if merge.state == "UNDONE":
        moments.append(("UNDONE", merge.body["undo_revision"]))
    for kind, revision in moments:
        entry = stored.audit.get(revision)
        if (revision, kind) not in told:
            problems.append(f"has no change {kind} at revision {revision}")
        if entry is None:
            problems.append(f"has no audit entry at revision {revision}")
        elif (
            entry.action in ("ExecuteMergeProposal", "UndoMerge")
            and f"merges/{merge.merge_id}" not in entry.targets
        ):
            problems.append(f"is not what the audit entry {revision} is about")
    return problems


def _without_merge(stored: Stored) -> list[str]:
    """Proposals, audit entries and answers that speak of what is not there."""
    problems = [
        f"A-1 mergeProposals/{p.proposal_id} is {p.state} with merge {p.body['merge_id']!r}"
        for p in stored.proposals.values()
        if (p.state == "EXECUTED") != (p.body["merge_id"] in stored.merges)
    ]
    there: dict[str, Mapping[str, object]] = {
        "merges": stored.merges,
        "mergeProposals": stored.proposals,
        "goldenRecords": stored.goldens,
    }
    for entry in stored.fresh["audit_entries"]:
        for name in entry.targets:
            collection, _, own = name.partition("/")
            if collection in there and own not in there[collection]:
                problems.append(f"A-1 audit entry {entry.revision} names {name}, which is not there")
    for answer in stored.fresh["request_answers"]:
        problems += _unfounded(stored, answer.method, answer.answer)
    return problems


def _unfounded(stored: Stored, method: str, answer: bytes | None) -> list[str]:
    """What an answer says was done and was not."""
    said: Any = msgspec.json.decode(answer) if answer is not None else None
    if not isinstance(said, dict):
        return []
    revision = said.get("revision", 0)
    problems = []
    if revision > stored.head.revision:
        problems.append(f"A-1 an answer of {method} is of revision {revision}, after the head")
    for field, there in (("merge_id", stored.merges), ("proposal_id", stored.proposals)):
        if said.get(field) and said[field] not in there:
            problems.append(f"A-1 an answer of {method} names {field} {said[field]}, which is not there")
    if "record_no" in said and said["record_no"] not in stored.records:
        problems.append(f"A-1 an answer of {method} names record {said['record_no']}, which is not there")
    return problems


def unique(stored: Stored) -> list[str]:
    """B-3: no golden record is merged away twice, none into itself, and none survives where it was merged."""
    standing = [row for row in stored.of("merged_golden_records").values() if row.standing]
    taken = Counter(row.golden_id for row in standing)
    problems = [
        f"B-3 goldenRecords/{golden_id} is merged away by {count} standing merges"
        for golden_id, count in taken.items()
        if count > 1
    ]
    for row in standing:
        golden = stored.goldens[row.golden_id]
        seen: set[str] = set()
        while golden.successor_id and golden.golden_id not in seen:
            seen.add(golden.golden_id)
            golden = stored.goldens.get(golden.successor_id, golden)
        if golden.golden_id in seen:
            problems.append(f"B-3 goldenRecords/{row.golden_id} is merged in a circle")
    open_members = Counter(tuple(p.golden_ids) for p in stored.proposals.values() if is_open(p))
    problems += [
        f"B-3 {count} open proposals hold {list(i)}" for i, count in open_members.items() if count > 1
    ]
    return problems


def planned(stored: Stored) -> list[str]:
    """B-3: the members of an open proposal's plan are live, at the versions that the plan has seen."""
    return [
        f"B-3 mergeProposals/{proposal.proposal_id} is open on {why}"
        for proposal in stored.proposals.values()
        if is_open(proposal)
        for member in proposal.body["plan"]["members"]
        if (why := _outdated(member, stored.goldens[member["golden_id"]]))
    ]


def _outdated(member: Any, golden: GoldenLine) -> str:
    if golden.state != "LIVE":
        return f"goldenRecords/{golden.golden_id}, which is {golden.state}"
    if golden.version != member["version"]:
        return (
            f"version {member['version']} of goldenRecords/{golden.golden_id}, which is at {golden.version}"
        )
    return ""


def is_open(proposal: ProposalLine) -> bool:
    return proposal.state in ("PENDING", "APPROVED")


def merged_ids(merge: MergeLine) -> list[str]:
    """The golden records that the merge takes away."""
    return [b["golden_id"] for b in merge.body["before"] if b["golden_id"] != merge.survivor_id]
