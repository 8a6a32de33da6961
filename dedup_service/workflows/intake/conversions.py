"""What a lead becomes: the records of a conversion, made of what its golden record says."""

from dataclasses import dataclass, replace

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenRecord, survivorship
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind, Violation

# What a lead says of the company that it works for, and not of the person.
_OF_THE_COMPANY = (
    "company_name",
    "website",
    "industry",
    "tax_id",
    "registration_number",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
)


@dataclass(frozen=True, slots=True)
class ConversionRequest:
    """Which lead to convert, and what the caller has chosen already (None: intake chooses)."""

    lead: RecordKey
    etag: str = ""
    account: RecordKey | None = None
    target: RecordKey | None = None
    person_account: bool = False
    insert_duplicate: bool = False


def check_request(asked: ConversionRequest) -> None:
    """Refuse what contradicts itself.

    Raises:
        InvalidInput: with every violation.
    """
    problems = []
    if asked.person_account and asked.account is not None:
        problems.append(
            Violation("account", "must not be set: a person account is an account of its own, of no company")
        )
    if asked.target == asked.lead:
        problems.append(Violation("target", "must be another name than the lead's: the lead stays as it is"))
    if problems:
        raise InvalidInput(problems)


def target_draft(
    asked: ConversionRequest, key: RecordKey, golden: GoldenRecord, policy: Policy
) -> RecordDraft:
    """The contact or person account, with the values that survive among the lead's members.

    Facts and children stay on the lead, where the golden record keeps counting them once.
    """
    shown = survivorship(golden.members, golden.row.choices, policy)
    lead = next(record for record in golden.active_members if record.key == asked.lead)
    return RecordDraft(
        key=key,
        kind=RecordKind.ACCOUNT if asked.person_account else RecordKind.CONTACT,
        values={name: value.value for name, value in sorted(shown.items())},
        person_account=asked.person_account,
        owner=lead.draft.owner,
        account=asked.account,
    )


def account_draft(contact: RecordDraft, key: RecordKey) -> RecordDraft:
    """The new provisional account of a contact.

    Raises:
        InvalidInput: the lead names no company.
    """
    values = {name: contact.values[name] for name in _OF_THE_COMPANY if contact.values.get(name, "").strip()}
    if not values.get("company_name"):
        raise InvalidInput.at(
            "account", "is required: the lead names no company; or convert it to a person account"
        )
    return RecordDraft(key=key, kind=RecordKind.ACCOUNT, values=values, owner=contact.owner)


def in_account(contact: RecordDraft, account: RecordKey) -> RecordDraft:
    """The contact, as one of this account."""
    return replace(contact, account=account)
