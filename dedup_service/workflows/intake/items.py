"""One record of a batch on its way through intake."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

import scoring
from dedup_service.domain.data_entry import Finding
from dedup_service.domain.intake.answers import Duplicate, Incomplete, RecognisedAccount
from dedup_service.domain.intake.ladder import Asked, Taken
from dedup_service.domain.matching import comparable_of, entity_of
from dedup_service.domain.records import Record, RecordDraft, RecordKind

# What a person's record says of the company that they work for.
_OF_THE_COMPANY = (
    "company_name",
    "website",
    "phone",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "tax_id",
    "registration_number",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a caller hands in: a draft, the kind that its source gives it (None: intake decides), and whether
    business has to be done with them at once. With a `new_id`, made for it, it cannot be there already.
    """

    draft: RecordDraft
    given_kind: RecordKind | None = None
    must_transact: bool = False
    new_id: bool = False


@dataclass(slots=True)
class Item:
    """A record to route: what it is compared by, and what has been found of it so far.

    `company` is the company that a person may belong to, None where nothing tells of one.
    `quoted` are the names of records that its answer says something of beside its own: why leads died, what
    makes an account known. Erasing one of them erases the answer.
    `own` is the stored record of the very same name; `target` the one to update, None for a new record.
    `merge_with` are the golden ids to propose a merge with, `notes` why their records are not updated.
    """

    place: int
    draft: RecordDraft
    asked: Asked
    comparable: scoring.Comparable
    company: scoring.Comparable | None
    keys: frozenset[str]
    new_id: bool = False
    findings: tuple[Finding, ...] = ()
    own: Record | None = None
    duplicates: tuple[Duplicate, ...] = ()
    account: RecognisedAccount | None = None
    taken: Taken | None = None
    target: Record | None = None
    merge_with: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    incomplete: tuple[Incomplete, ...] = field(default_factory=tuple)

    @property
    def person(self) -> bool:
        return self.asked.person

    @property
    def must_transact(self) -> bool:
        return self.asked.must_transact

    @property
    def step(self) -> Taken:
        """The step that was taken; only after planning."""
        assert self.taken is not None, "planned before it is carried out"
        return self.taken


def item_of(place: int, entry: Entry, shared_domains: frozenset[str]) -> Item:
    """An item ready to be looked up; its kind is not decided yet."""
    draft = entry.draft
    kind = entry.given_kind or RecordKind.LEAD
    person = entity_of(kind, draft.values, draft.person_account) is scoring.Entity.PERSON
    comparable = comparable_of(replace(draft, kind=kind))
    company = _company_of(draft.values, shared_domains) if person else None
    keys = set(scoring.blocking_keys(comparable))
    if company is not None:
        keys.update(scoring.blocking_keys(company))
    asked = Asked(person, entry.must_transact, entry.given_kind, draft.person_account)
    return Item(place, draft, asked, comparable, company, frozenset(keys), entry.new_id)


def _company_of(values: Mapping[str, str], shared_domains: frozenset[str]) -> scoring.Comparable | None:
    """The company of a person, as far as their record tells; None without a name or a domain of its own.

    The e-mail address stands in for the website: its domain is the company's, its name is the person's.
    """
    told = {name: values[name] for name in _OF_THE_COMPANY if values.get(name, "").strip()}
    told["email"] = values.get("email", "") or values.get("secondary_email", "")
    company = scoring.prepare(told, scoring.Entity.COMPANY)
    domains = tuple(domain for domain in company.domains if domain not in shared_domains)
    if not company.company and not domains:
        return None
    # The address itself is the person's: compared with the company's own it would speak against.
    return msgspec.structs.replace(company, domains=domains, emails=(), shared_emails=())
