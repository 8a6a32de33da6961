"""`territories simulate`: whom past intakes would have gone to under another policy."""

from dedup_service.cli.intake_view import whom
from dedup_service.cli.output import Output
from dedup_service.cli.policy_files import Edit
from dedup_service.cli.session import Session
from dedup_service.cli.words import plural, record_words
from dedup_service.v1.intake_service_pb2 import (
    Assignment,
    SimulateTerritoriesRequest,
    SimulateTerritoriesResponse,
)

SIMULATION_SECONDS = 600.0


def simulate(session: Session, edit: Edit, past_limit: int, shown_count: int) -> None:
    """Replay past intakes under a policy file; changes nothing."""
    answer = session.client.intake.SimulateTerritories(
        SimulateTerritoriesRequest(text=edit.text, past_limit=past_limit), timeout=SIMULATION_SECONDS
    )
    if session.output.as_json:
        session.output.json(answer)
        return
    _show(session.output, answer, shown_count)


def _show(out: Output, answer: SimulateTerritoriesResponse, shown_count: int) -> None:
    skipped = f" ({answer.skipped_count:,} left out: their record is gone, or no territory decided)"
    elsewhere = f"{answer.differing_count:,}" if answer.differing_count else "none"
    out.text(
        f"replayed {plural(answer.replayed_count, 'intake')}{skipped if answer.skipped_count else ''}: "
        f"version {answer.version} would send {elsewhere} of them elsewhere",
        hang=2,
    )
    out.table(
        ("goes to", "now", "then", "change"),
        [
            (
                each.target,
                f"{each.before_count:,}",
                f"{each.after_count:,}",
                f"{each.after_count - each.before_count:+,}",
            )
            for each in answer.loads
        ],
        "how many each gets",
        right=("now", "then", "change"),
    )
    out.table(
        ("intake", "record", "now", "then"),
        [
            (each.intake, record_words(each.record), _by(each.before), _by(each.after))
            for each in answer.differences[:shown_count]
        ],
        "what would go elsewhere, the newest first",
    )
    left = answer.differing_count - min(shown_count, len(answer.differences))
    if left > 0:
        out.line(f"and {left:,} more", "dim")


def _by(assignment: Assignment) -> str:
    """The target and the rule; a team stands for whoever of it has the next turn."""
    to = whom(assignment) or f"team {assignment.team}"
    if assignment.team and not assignment.principal:
        to = f"team {assignment.team}{f', with partner {assignment.partner}' if assignment.partner else ''}"
    rule = assignment.rule or assignment.rung.lower().replace("_", " ")
    return f"{to} ({rule})" if rule else to
