"""The steps of intake in their order (domain 9): named account, current account, at once, lead."""

from dataclasses import dataclass

from dedup_service.domain.intake.answers import IntakeStep, RecognisedAccount, StepReason
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.records import RecordKind


@dataclass(frozen=True, slots=True)
class Taken:
    """The step that decides, the kind of record that it asks for, and what was said of each step."""

    step: IntakeStep
    kind: RecordKind
    person_account: bool
    reasons: tuple[StepReason, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller says beside the values.

    `given_kind` is what the source keeps them as: CONTACT and ACCOUNT are taken at its word, a LEAD is not.
    """

    person: bool
    must_transact: bool = False
    given_kind: RecordKind | None = None
    given_person_account: bool = False


def take_step(asked: Asked, account: RecognisedAccount | None, rules: IntakePolicy) -> Taken:
    """The step for a person, or for a company that was itself looked up as `account`.

    A company is never a contact: at the first two steps it is that account, as a record of its own source.
    """
    person = asked.person
    reasons: list[StepReason] = []

    def taken(step: IntakeStep, kind: RecordKind, detail: str, person_account: bool = False) -> Taken:
        return Taken(step, kind, person_account, (*reasons, StepReason(step, True, detail)))

    known = account if account is not None and account.recognised else None
    at = f"account {known.record.name}, confidence {known.confidence:.2f}" if known else ""
    given: RecordKind | None = asked.given_kind if asked.given_kind is not RecordKind.LEAD else None
    if known is not None and known.target_lists:
        lists = ", ".join(known.target_lists)
        kind = given or (RecordKind.CONTACT if person else RecordKind.ACCOUNT)
        return taken(
            IntakeStep.NAMED_ACCOUNT, kind, f"{at}: on the target list {lists}", asked.given_person_account
        )
    reasons.append(StepReason(IntakeStep.NAMED_ACCOUNT, False, _why_not(account, at, "on no target list")))
    if known is not None and known.current_reason:
        kind = given or (rules.current_account_kind if person else RecordKind.ACCOUNT)
        return taken(
            IntakeStep.CURRENT_ACCOUNT, kind, f"{at}: {known.current_reason}", asked.given_person_account
        )
    reasons.append(StepReason(IntakeStep.CURRENT_ACCOUNT, False, _why_not(account, at, "no customer")))
    if asked.must_transact:
        what = "an individual" if person else "a company"
        return taken(
            IntakeStep.MUST_TRANSACT,
            RecordKind.ACCOUNT,
            f"business with {what} has to be done at once",
            person_account=person,
        )
    reasons.append(StepReason(IntakeStep.MUST_TRANSACT, False, "nothing has to be done at once"))
    if given is not None:
        return taken(
            IntakeStep.GIVEN_KIND, given, f"its source keeps it as {_A[given]}", asked.given_person_account
        )
    return taken(
        IntakeStep.LEAD,
        RecordKind.LEAD,
        "neither an account of theirs is known, nor is there business at once",
    )


_A = {RecordKind.LEAD: "a LEAD", RecordKind.CONTACT: "a CONTACT", RecordKind.ACCOUNT: "an ACCOUNT"}


def _why_not(account: RecognisedAccount | None, at: str, otherwise: str) -> str:
    if account is None:
        return "no account is recognised"
    if not account.recognised:
        return f"{account.record.name} is only {account.confidence:.2f} sure to be the account"
    return f"{at}: {otherwise}"
