"""Who is who, for a person to read: what was done first, then why, then what else is to be known."""

from collections.abc import Iterable, Sequence

from dedup_service.cli.output import Output
from dedup_service.cli.words import moment, plural, record_words, shown, word
from dedup_service.v1.intake_service_pb2 import (
    Assignment,
    ConvertLeadResponse,
    DataEntryFinding,
    Intake,
    IntakeDuplicate,
    LeadScore,
    RecognisedAccount,
    RouteResponse,
)
from dedup_service.v1.match_service_pb2 import IncompleteReason
from dedup_service.v1.record_service_pb2 import Record

_ACTIONS = {
    "INSERT": "new",
    "INSERT_WITH_PROPOSAL": "new, and may be a duplicate",
    "UPDATE": "known already, updated",
}
_CONVERSIONS = {
    "NEW_CONTACT": "a new contact, whose history the lead is",
    "NEW_PERSON_ACCOUNT": "a new person account, whose history the lead is",
    "JOIN": "known already: a proposal to join them waits for their owners",
}
_WOULD_BE = "preview, nothing is written"


def show_answer(out: Output, answer: RouteResponse, *, preview: bool) -> None:
    """The whole answer about one person or company."""
    action = word(answer, "action")
    out.line(f"{action}: {_ACTIONS.get(action, '')}", "bold green" if action == "INSERT" else "bold yellow")
    out.text(_record_line(answer.record), indent=2, hang=4)
    if preview:
        waits = "; a merge proposal would wait for a decision" if action == "INSERT_WITH_PROPOSAL" else ""
        out.line(f"  {_WOULD_BE}{waits}", "yellow")
    elif answer.merge_proposal:
        out.text(f"{answer.merge_proposal} waits for a decision: dedup show {answer.merge_proposal}", 2, 4)
    _show_steps(out, answer)
    if answer.HasField("account"):
        show_account(out, answer.account)
    show_duplicates(out, answer.duplicates)
    _show_assignment(out, answer.assignment)
    if answer.lead_class:
        out.heading(f"lead class {word(answer, 'lead_class')}")
        out.text(answer.lead_class_reason, indent=2, hang=4)
    if answer.HasField("lead_score"):
        _show_lead_score(out, answer.lead_score)
    out.table(
        ("field", "the record had", "offered", ""),
        [
            (each.field, each.stored or "nothing", each.offered, "taken" if each.taken else "left as it was")
            for each in answer.folded_values
        ],
        "values that differ from the record's",
    )
    show_findings(out, answer.findings, "data entry")
    _show_incomplete(out, answer.incomplete_reasons)
    if answer.intake:
        out.line()
        out.line(f"written down as {answer.intake}", "dim")


def show_conversion(out: Output, answer: ConvertLeadResponse, *, preview: bool, named: bool) -> None:
    """What a lead became; `named` when the caller has named the new record.

    The other names of a preview are passed over: nobody could look them up.
    """
    action = word(answer, "action")
    joins = action == "JOIN"
    out.line(f"{action}: {_CONVERSIONS.get(action, '')}", "bold yellow" if joins else "bold green")
    target, account = _copy(answer.target), answer.account
    target.account = ""  # it has a line of its own
    if preview and not joins:
        target = _to_be_made(target, named=named)
    if preview and answer.new_account:
        account = _to_be_made(account, named=False)
    out.text(f"lead: {_record_line(answer.lead)}", indent=2, hang=4)
    out.text(f"{'known as' if joins else 'new'}: {_record_line(target)}", indent=2, hang=4)
    if answer.HasField("account"):
        out.text(f"{'new ' if answer.new_account else ''}account: {_record_line(account)}", indent=2, hang=4)
    if preview:
        waits = "; a merge proposal would wait for a decision" if answer.merge_proposal else ""
        out.line(f"  {_WOULD_BE}{waits}", "yellow")
    elif answer.merge_proposal:
        out.text(f"{answer.merge_proposal} waits for a decision: dedup show {answer.merge_proposal}", 2, 4)
    out.bullets("why", answer.reasons)
    if answer.HasField("recognised_account"):
        show_account(out, answer.recognised_account)
    show_duplicates(out, answer.duplicates)
    show_findings(out, answer.findings, "data entry")
    _show_incomplete(out, answer.incomplete_reasons)


def _copy(record: Record) -> Record:
    copy = Record()
    copy.CopyFrom(record)
    return copy


def _to_be_made(record: Record, *, named: bool) -> Record:
    """A record of a preview, without what is made up only when it is written."""
    made = _copy(record)
    made.golden_record = ""
    if not named:
        made.name = f"{made.name.rpartition('/')[0]}/-"
    return made


def _record_line(record: Record) -> str:
    """Kind, name, state, account and golden record, as far as they are known."""
    source, _, record_id = record.name.rpartition("/records/")
    kind = f"{word(record, 'kind')}{' (a person account)' if record.person_account else ''}"
    parts = [
        f"{kind} {f'of {source}, with an id of its own' if record_id == '-' else record.name}",
        word(record, "account_state").lower(),
        f"of {record.account}" if record.account else "",
        f"member of {record.golden_record}" if record.golden_record else "",
    ]
    return ", ".join(filter(None, parts))


def _show_steps(out: Output, answer: RouteResponse) -> None:
    out.table(
        ("", "step", "why"),
        [
            ("->" if reason.taken else "", word(reason, "step").lower().replace("_", " "), reason.detail)
            for reason in answer.reasons
        ],
        "who is who",
    )


def show_account(out: Output, account: RecognisedAccount) -> None:
    """The account that somebody seems to belong to, and by what."""
    sure = "recognised" if account.recognised else "not sure enough to act on"
    out.heading(f"account: {shown(account.record)}, confidence {account.confidence:.2f}, {sure}")
    out.text(account.golden_record, indent=2)
    if account.target_lists:
        out.text(f"on the target list {', '.join(account.target_lists)}", indent=2, hang=4)
    if account.current_reason:
        out.text(f"a current account: {account.current_reason}", indent=2, hang=4)
    for evidence in account.evidence:
        out.text(f"- {evidence}", indent=2, hang=2)


def show_duplicates(out: Output, duplicates: Iterable[IntakeDuplicate]) -> None:
    """Who is, or may be, the same."""
    out.table(
        ("verdict", "probability", "record", "kind", "warning"),
        [
            (
                word(each.score, "verdict"),
                f"{each.score.match_probability:.4f}",
                each.record,
                word(each, "kind"),
                f"a dead lead: {each.dead_reason}" if each.dead_reason else "",
            )
            for each in duplicates
        ],
        "is, or may be, the same as",
        right=("probability",),
    )


def whom(assignment: Assignment) -> str:
    """Who works a record, in words: "users/ann of team dach, partner Isartal"; empty for nobody."""
    who = assignment.principal or (f"queue {assignment.queue}" if assignment.queue else "")
    team = f" of team {assignment.team}" if assignment.team and assignment.principal else ""
    partner = f", partner {assignment.partner}" if assignment.partner else ""
    return f"{who}{team}{partner}"


def _show_assignment(out: Output, assignment: Assignment) -> None:
    to = whom(assignment)
    if not to:
        out.heading("assigned to nobody")
    else:
        function = f" ({assignment.function})" if assignment.function and assignment.principal else ""
        rung = assignment.rung.lower().replace("_", " ")
        rule = f", by the rule {assignment.rule}" if assignment.rule else ""
        out.heading(f"assigned to {shown(to)}{function}{shown(rule)}{f': {rung}' if rung else ''}")
    for reason in assignment.reasons:
        out.text(f"- {reason}", indent=2, hang=2)


def _show_lead_score(out: Output, score: LeadScore) -> None:
    grade = (
        f"grade {score.grade} ({plural(score.fit_points, 'point')} for fit)" if score.grade else "not graded"
    )
    out.heading(f"{grade}, interest {score.interest_score} of 100")
    out.table(("part", "why"), [(each.part.lower(), each.detail) for each in score.reasons])


def show_findings(out: Output, findings: Sequence[DataEntryFinding], heading: str = "") -> None:
    """What the rules of data entry found."""
    out.table(
        ("severity", "field", "rule", "what", "write instead"),
        [
            (
                word(each, "severity"),
                each.field.removeprefix("values."),
                each.rule,
                each.message,
                each.suggested_value,
            )
            for each in findings
        ],
        heading,
    )


def _show_incomplete(out: Output, reasons: Sequence[IncompleteReason]) -> None:
    if not reasons:
        return
    out.line()
    out.line("INCOMPLETE: not everybody was compared", "bold red")
    for reason in reasons:
        out.text(f"- {reason.detail}{f' ({reason.key})' if reason.key else ''}", indent=2, hang=2)


def list_intakes(out: Output, found: Sequence[Intake], *, more: bool) -> None:
    """Past intakes as a table."""
    out.table(
        ("intake", "when", "by", "action", "step", "record", "account", "assigned to", "rule"),
        [
            (
                each.name,
                moment(each.create_time),
                each.caller,
                word(each, "action"),
                word(each, "step").lower().replace("_", " "),
                record_words(each.record),
                record_words(each.account),
                whom(each.assignment),
                each.assignment.rule or each.assignment.rung.lower().replace("_", " "),
            )
            for each in found
        ],
    )
    out.line(f"{plural(len(found), 'intake')}{'; there are more: raise --limit' if more else ''}", "dim")
