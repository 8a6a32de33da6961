"""Votes: the tally is a fold over the log, on the plan that was voted on (C-1, C-2, C-3, C-4)."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principals
from tests.trust.checks.merges import is_open
from tests.trust.checks.rows import MergeLine, ProposalLine, VoteLine
from tests.trust.checks.stored import Stored

_LEVELS = ("LOW", "MEDIUM", "HIGH")


def plan_hash(plan: Any) -> str:
    """SHA-256 over the plan, its parts in the order of docs/api.md; the store keeps it without an order."""

    def key(name: Any) -> dict[str, str]:
        return {part: name[part] for part in ("source", "source_record_id")}

    body = {
        "type": plan["type"],
        "members": [
            {
                **{part: member[part] for part in ("golden_id", "kind", "version")},
                "records": [{"key": key(r["key"]), "version": r["version"]} for r in member["records"]],
            }
            for member in plan["members"]
        ],
        "survivor_id": plan["survivor_id"],
        "field_choices": [{"field": c["field"], "record": key(c["record"])} for c in plan["field_choices"]],
        "policy_version": plan["policy_version"],
    }
    return hashlib.sha256(json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def folded(stored: Stored) -> list[str]:
    """C-1, C-3 and C-4: what a proposal says of its votes is what a fold over the log says."""
    problems = []
    votes = stored.votes()
    for proposal in stored.proposals.values():
        decision = proposal.body["decision"]
        log = votes.get(proposal.proposal_id, [])
        # An erasure takes the words of a decision; the log stays, and what was decided.
        if decision is not None and proposal.state != "SUPERSEDED":
            where = f"mergeProposals/{proposal.proposal_id}"
            problems += [f"C-4 {where} {p}" for p in _log_problems(decision["votes"], log)]
            problems += [f"{line} {where} {p}" for line, p in _binding_problems(proposal, decision, log)]
            problems += [f"C-4 {where} {p}" for p in _outcome_problems(proposal, decision)]
    return problems


def _log_problems(counted: Sequence[Any], log: Sequence[VoteLine]) -> list[str]:
    said = [
        (v["principal"], v["function"], v["on_behalf_of"], v["decision"], v["plan_hash"], v["impact"])
        for v in (each["vote"] for each in counted)
    ]
    kept = [(v.principal, v.function, v.on_behalf_of, v.decision, v.plan_hash, v.impact) for v in log]
    return [] if said == kept else [f"weighs {len(said)} votes, the log has other {len(kept)}"]


def _binding_problems(
    proposal: ProposalLine, decision: Any, log: Sequence[VoteLine]
) -> list[tuple[str, str]]:
    """What counts and must not: another plan, before the plan, the proposer, two votes of one person."""
    current = plan_hash(proposal.body["plan"])
    changes = proposal.body["plan_changes"]
    since = datetime.fromisoformat(changes[-1]["time"]) if changes else proposal.create_time
    people: dict[str, str] = {}
    problems = []
    for each, vote in zip(decision["votes"], log, strict=False):
        if not each["counts"]:
            continue
        if vote.plan_hash != current or vote.time < since:
            problems.append(("C-1", f"counts the vote of {vote.principal} on another plan"))
        if proposal.proposer in (vote.principal, vote.on_behalf_of):
            problems.append(("C-3", f"counts the vote of its proposer {proposal.proposer}"))
        if not vote.principal.startswith("users/"):
            problems.append(("C-3", f"counts the vote of {vote.principal}"))
        if _LEVELS.index(vote.impact) < _LEVELS.index(decision["impact"]):
            problems.append(("C-1", f"counts the vote of {vote.principal}, who saw a smaller impact"))
        if vote.principal in people:
            problems.append(("C-3", f"counts {vote.principal} twice"))
        people[vote.principal] = vote.decision
    last = {vote.principal: number for number, vote in enumerate(log)}
    problems += [
        ("C-3", f"counts a vote of {vote.principal} that a later one replaced")
        for number, (each, vote) in enumerate(zip(decision["votes"], log, strict=False))
        if each["counts"] and last[vote.principal] != number
    ]
    return problems


def _outcome_problems(proposal: ProposalLine, decision: Any) -> list[str]:
    """The voices and the state, from the votes that count."""
    said = {each["vote"]["function"]: each["vote"] for each in decision["votes"] if each["counts"]}
    problems = [
        f"says {voice['decision']} for {voice['function']}, its last vote {said.get(voice['function'])}"
        for voice in decision["voices"]
        if voice["decision"] != said.get(voice["function"], {}).get("decision")
    ]
    approving = {
        v["on_behalf_of"] or v["principal"]
        for v in (each["vote"] for each in decision["votes"] if each["counts"])
        if v["decision"] == "APPROVE"
    }
    outcome = decision["outcome"]
    if outcome == "APPROVED" and len(approving) < decision["ballot"]["quorum"]:
        problems.append(f"is approved by {len(approving)} of {decision['ballot']['quorum']} people")
    if outcome == "REJECTED" and not any(v["decision"] == "REJECT" for v in said.values()):
        problems.append("is rejected by nobody")
    may = outcome == "APPROVED" and not decision["vetoes"]
    if may != (proposal.state in ("APPROVED", "EXECUTED")) and proposal.state not in ("WITHDRAWN", "EXPIRED"):
        problems.append(
            f"is {proposal.state}, its votes give {outcome} with {len(decision['vetoes'])} vetoes"
        )
    return problems


def plans(stored: Stored) -> list[str]:
    """C-1: what was carried out is the plan that was approved: its members as they were then."""
    problems = []
    for merge in stored.merges.values():
        proposal = stored.proposals[merge.proposal_id]
        plan = proposal.body["plan"]
        seen = {
            m["golden_id"]: (m["version"], _keys(r["key"] for r in m["records"])) for m in plan["members"]
        }
        done = {b["golden_id"]: (b["version"], _keys(b["records"])) for b in merge.body["before"]}
        if seen != done or plan["survivor_id"] != merge.survivor_id:
            problems.append(f"C-1 merges/{merge.merge_id} is not the plan of its proposal")
    return problems


def _keys(keys: Any) -> list[tuple[str, str]]:
    return sorted((key["source"], key["source_record_id"]) for key in keys)


def finance_agreed(stored: Stored, policy: Policy, principals: Principals) -> list[str]:
    """C-2: no two accounts of the customer master were merged without the master function's word."""
    problems = []
    votes = stored.votes()
    kinds = {(r.source, r.source_record_id): r.kind for r in stored.records.values()}
    for merge in stored.merges.values():
        if _held_by_master(merge, kinds, policy) < 2:
            continue
        current = plan_hash(stored.proposals[merge.proposal_id].body["plan"])
        latest = {v.principal: v for v in votes.get(merge.proposal_id, []) if v.time <= merge.execute_time}
        if not any(_speaks_for(v, current, policy.master_function, principals) for v in latest.values()):
            problems.append(f"C-2 merges/{merge.merge_id} joins accounts of the master without finance")
    return problems


def _held_by_master(merge: MergeLine, kinds: dict[tuple[str, str], str], policy: Policy) -> int:
    return sum(
        any(
            kinds[key["source"], key["source_record_id"]] == "ACCOUNT"
            and policy.source(key["source"]).customer_master
            for key in before["records"]
        )
        for before in merge.body["before"]
    )


def _speaks_for(vote: VoteLine, current: str, function: str, principals: Principals) -> bool:
    if (vote.decision, vote.function, vote.plan_hash) != ("APPROVE", function, current):
        return False
    holder = principals.find(vote.on_behalf_of or vote.principal)
    return holder is not None and holder.human and function in holder.functions


def inboxes(stored: Stored) -> list[str]:
    """C-4: each pending proposal waits for the functions that are missing and whom it was escalated to."""
    expected = {
        (p.proposal_id, who)
        for p in stored.proposals.values()
        if p.state == "PENDING"
        for who in {*p.missing_functions, *p.escalated_to}
    }
    found = stored.of("waiting_proposals").keys()
    problems = [f"C-4 nobody is asked for {who} on mergeProposals/{i}" for i, who in expected - found]
    problems += [f"C-4 {who} is asked for nothing on mergeProposals/{i}" for i, who in found - expected]
    return problems + [
        f"C-4 mergeProposals/{p.proposal_id} is {p.state} and keeps a decision of another state"
        for p in stored.proposals.values()
        if is_open(p) and p.body["state"] != p.state
    ]
