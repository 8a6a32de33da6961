"""`policy show`, `versions`, `diff`, `simulate` and `update`: the rules in force, and an edit beside them."""

import sys
from collections.abc import Iterable, Sequence

from dedup_service.cli.output import Output
from dedup_service.cli.paging import paged
from dedup_service.cli.policy_files import Edit
from dedup_service.cli.policy_keys import KeyChange, changes
from dedup_service.cli.problems import CommandError
from dedup_service.cli.session import Session
from dedup_service.cli.words import moment, plural, shown, word
from dedup_service.company_files import parse_policy
from dedup_service.v1.policy_service_pb2 import (
    GetPolicyRequest,
    ListPolicyVersionsRequest,
    Policy,
    PolicyDecision,
    PolicyDifference,
    SimulatePolicyRequest,
    UpdatePolicyRequest,
)

IN_FORCE = "policyVersions/current"
SIMULATION_SECONDS = 600.0


def show(session: Session, version: str) -> None:
    """Print a policy as its file; what is known about it goes to stderr, so that stdout is the file."""
    name = version if "/" in version else f"policyVersions/{version}"
    policy = session.client.policies.GetPolicy(GetPolicyRequest(name=name if version else IN_FORCE))
    if session.output.as_json:
        session.output.json(policy)
        return
    sys.stderr.write(f"{shown(_about(policy))}\n")
    sys.stderr.flush()
    text = policy.text
    if sys.stdout.isatty():
        text = "\n".join(map(shown, text.split("\n")))
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def _about(policy: Policy) -> str:
    by = f" by {policy.author}" if policy.author else ""
    comment = f': "{policy.comment}"' if policy.comment else ""
    return f"version {policy.version}, in force from {moment(policy.create_time)}{by}{comment}"


def versions(session: Session, limit: int) -> None:
    """List the versions, the newest first."""
    request = ListPolicyVersionsRequest()
    found, more = paged(
        session.output,
        request,
        session.client.policies.ListPolicyVersions,
        lambda answer: answer.policies,
        limit,
    )
    if session.output.as_json:
        return
    session.output.table(
        ("version", "since", "how", "by", "why"),
        [
            (
                each.version,
                moment(each.create_time),
                word(each, "origin"),
                each.author,
                each.comment,
            )
            for each in found
        ],
    )
    if more:
        session.output.line("there are more: raise --limit", "dim")


def diff(session: Session, edit: Edit) -> None:
    """Show what a file would change."""
    current, found = _changes(session, edit)
    if session.output.as_json:
        for each in found:
            session.output.json({"key": each.key, "before": each.before, "after": each.after})
        return
    _show_changes(session.output, edit, current, found)


def _changes(session: Session, edit: Edit) -> tuple[Policy, list[KeyChange]]:
    """The version in force, and what the file would change in it."""
    current = session.client.policies.GetPolicy(GetPolicyRequest(name=IN_FORCE))
    return current, changes(parse_policy(current.text, current.name), edit.policy)


def _show_changes(out: Output, edit: Edit, current: Policy, found: Sequence[KeyChange]) -> None:
    if not found:
        out.line(f"{edit.file} says what version {shown(current.version)}, in force, says", "green")
        return
    out.line(f"{edit.file} changes {plural(len(found), 'key')} of version {shown(current.version)}, in force")
    for each in found:
        out.text(str(each), indent=2, hang=4)
    if edit.policy.version == current.version:
        out.line(f"it cannot be put in force as {current.version} again: give it a new version", "yellow")


def simulate(session: Session, edit: Edit, past_limit: int) -> None:
    """Show what a file would have decided otherwise."""
    answer = session.client.policies.SimulatePolicy(
        SimulatePolicyRequest(text=edit.text, past_limit=past_limit), timeout=SIMULATION_SECONDS
    )
    out = session.output
    if out.as_json:
        out.json(answer)
        return
    skipped = f" ({answer.skipped_count:,} past ones could not be: their records are gone)"
    out.text(
        f"looked at {answer.open_count:,} open and {answer.past_count:,} past proposals"
        f"{skipped if answer.skipped_count else ''}: version {answer.version} would decide "
        f"{f'{answer.differing_count:,}' if answer.differing_count else 'none'} of them otherwise",
        hang=2,
    )
    for number, each in enumerate(answer.differences, 1):
        out.entry(number, f"{each.merge_proposal}  {word(each, 'state')}", _difference(each))
    left = answer.differing_count - len(answer.differences)
    if left > 0:
        out.line(f"and {left:,} more, which are not listed", "dim")


def _difference(difference: PolicyDifference) -> Iterable[str]:
    before, after = difference.before, difference.after
    pairs = (
        ("impact", word(before, "impact"), word(after, "impact")),
        ("votes", _stands(before), _stands(after)),
        ("vetoes", ", ".join(before.vetoes), ", ".join(after.vetoes)),
        ("waits for", ", ".join(before.missing_functions), ", ".join(after.missing_functions)),
    )
    told = [f"{what}: {old or 'none'} -> {new or 'none'}" for what, old, new in pairs if old != new]
    yield "; ".join(told) or "its votes are counted otherwise"
    yield _asked("newly asked", difference.newly_asked, difference.people_newly_asked)
    yield _asked("no longer asked", difference.no_longer_asked, difference.people_no_longer_asked)


def _stands(decision: PolicyDecision) -> str:
    return "may be executed" if decision.approved else word(decision, "outcome").lower()


def _asked(what: str, functions: Sequence[str], people: Sequence[str]) -> str:
    if not (functions or people):
        return ""
    names = f" ({', '.join(people)})" if people else ""
    return f"{what}: {', '.join(functions) or 'no other function'}{names}"


def update(session: Session, edit: Edit, comment: str, preview: bool, made_from: str) -> None:
    """Put a file in force in place of the version it was made from, or of that in force when none is named.

    Raises:
        CommandError: it changes nothing.
    """
    current, found = _changes(session, edit)
    out = session.output
    if not found:
        raise CommandError(f"{edit.file} says what version {current.version}, in force, says: nothing to do")
    if not out.as_json:
        _show_changes(out, edit, current, found)
    put = session.client.policies.UpdatePolicy(
        UpdatePolicyRequest(
            policy=Policy(text=edit.text, comment=comment, etag=made_from or current.etag),
            validate_only=preview,
        )
    )
    if out.as_json:
        out.json(put)
    elif preview:
        out.line("preview, nothing is changed: it could be put in force", "green")
    else:
        out.line(f"version {put.version} is in force; open votes are asked for again", "green")
