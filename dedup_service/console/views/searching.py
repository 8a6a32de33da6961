"""What somebody typed into the search box, read as candidates that the service can match.

Candidates are found by blocking keys, most of which are made of whole names: a person by given and family
name together, a company by a whole word of its name. What identifies by itself (an e-mail address, a
telephone number, an identifier, a website) is recognised by its form and looked up as that.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dedup_service.v1.core_pb2 import Candidate, RecordKind

MAX_LENGTH = 300
LEAST_LENGTH = 2
_MOST_NAME_WORDS = 6
_MOST_CANDIDATES = 5
_GIVEN_AND_FAMILY = 2
_PHONE_DIGITS = range(6, 16)
_NUMBER_LENGTH = range(4, 41)

_EMAIL = re.compile(r"[^\s,;<>()\"]+@[^\s,;<>()\"]+")
_WEBSITE = re.compile(
    r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?:/\S*)?(?=$|[\s,;])", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w.])[+(]?\d[\d\s()./-]{4,}\d(?!\w)")
_HOUSE = re.compile(r"\d+\s?[^\W\d_]?")
_CODE = re.compile(r"[A-Z]{0,3}[ -]?\d[\dA-Z]{2,}(?:[ -]\d?[A-Z\d]{2,4})?", re.IGNORECASE)
_SOURCE_RECORD = re.compile(r"(?:sources/)?([a-z][a-z0-9_.-]{0,62})/(?:records/)?([^\s/]{1,200})")
_RESOURCE = re.compile(r"/?(goldenRecords|mergeProposals|merges|cleanupJobs)/([0-9a-zA-Z_-]{1,64})")
_HEX_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was typed may be all of these.

    `name` is a resource name; `record` that of a source record; `identifiers` are looked up letter by letter;
    `values` fill the form in where nobody is found.
    """

    text: str
    candidates: tuple[Candidate, ...] = ()
    identifiers: tuple[str, ...] = ()
    name: str = ""
    record: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    is_company: bool = False
    is_one_word: bool = False

    @property
    def asks_nothing(self) -> bool:
        """Whether there is nothing in it to look for."""
        return not (self.candidates or self.identifiers or self.name or self.record)


def read(text: str) -> Reading:
    """Read at most the first 300 characters; of fewer than 2 nothing is asked."""
    text = " ".join(text[:MAX_LENGTH].split())
    if len(text) < LEAST_LENGTH:
        return Reading(text)
    return _reading_of_name(text) or _reading_of_values(text)


def _reading_of_name(text: str) -> Reading | None:
    if found := _RESOURCE.fullmatch(text):
        return Reading(text, name=f"{found[1]}/{found[2]}")
    if _HEX_NAME.fullmatch(text):
        return Reading(text, name=f"goldenRecords/{text}")
    if (found := _SOURCE_RECORD.fullmatch(text)) and "@" not in text and "." not in found[1]:
        return Reading(text, record=f"sources/{found[1]}/records/{found[2]}")
    return None


def _reading_of_values(text: str) -> Reading:
    contacts, rest = _contacts(text)
    parts = [part.strip() for part in re.split(r"[,;\n]", rest) if part.strip(" .-")]
    if _is_address(parts):
        return _reading_of_address(text, parts, contacts)
    identifiers = _identifiers(text)
    if identifiers and not contacts.get("email"):
        return _reading_of_number(text, identifiers, contacts)
    return _reading_of_names(text, parts, contacts)


def _contacts(text: str) -> tuple[dict[str, str], str]:
    """What in the text identifies by its form, by field, and the text without it."""
    found: dict[str, str] = {}
    if email := _EMAIL.search(text):
        found["email"] = email[0].strip(".")
        text = text.replace(email[0], " ")
    if website := _WEBSITE.search(text):
        found["website"] = website[0]
        text = text.replace(website[0], " ")
    if (phone := _PHONE.search(text)) and _digit_count(phone[0]) in _PHONE_DIGITS:
        found["phone"] = phone[0].strip()
        text = text.replace(phone[0], " ")
    return found, text.strip(' ,;<>"()')


def _digit_count(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _identifiers(text: str) -> tuple[str, ...]:
    """The text as an identifier, as typed and without what separates its groups; none where it is words."""
    bare = re.sub(r"[\s./-]", "", text)
    if len(bare) not in _NUMBER_LENGTH or not bare.isalnum() or _digit_count(bare) * 2 < len(bare):
        return ()
    return tuple(dict.fromkeys((text, bare, text.upper(), bare.upper())))


def _is_address(parts: list[str]) -> bool:
    """Whether the first part is a street with its number: words and a number in one."""
    if not parts or len(parts) > 4:
        return False
    words = parts[0].split()
    return (
        len(words) > 1
        and any(word.isalpha() and len(word) > 1 for word in re.split(r"[\s.]", parts[0]))
        and any(_HOUSE.fullmatch(word) for word in (words[0], words[-1]))
    )


def _reading_of_address(text: str, parts: list[str], contacts: Mapping[str, str]) -> Reading:
    values = {"street": parts[0], **contacts}
    for part in parts[1:]:
        words = part.split()
        codes = [word for word in words if _CODE.fullmatch(word)]
        if codes:
            values["postal_code"] = codes[0]
        if town := " ".join(word for word in words if word not in codes):
            values.setdefault("city", town)
    return Reading(text, _both(values), values=values)


def _reading_of_number(text: str, identifiers: tuple[str, ...], contacts: Mapping[str, str]) -> Reading:
    bare = identifiers[-1]
    candidates = [
        _candidate(RecordKind.RECORD_KIND_ACCOUNT, {name: bare})
        for name in ("tax_id", "registration_number", "customer_number")
    ]
    if "phone" in contacts:
        candidates = [*_both({"phone": contacts["phone"]}), *candidates]
    return Reading(text, tuple(candidates[:_MOST_CANDIDATES]), identifiers, values=dict(contacts))


def _reading_of_names(text: str, parts: list[str], contacts: Mapping[str, str]) -> Reading:
    head = parts[0] if parts else ""
    tail = parts[1] if len(parts) > 1 else ""
    if not head:
        return Reading(text, _both(contacts), values=dict(contacts), is_company=set(contacts) == {"website"})
    people: list[dict[str, str]] = []
    if len(head.split()) <= _MOST_NAME_WORDS:
        people.append({"full_name": head, **contacts})
        if not tail and len(words := head.split()) == _GIVEN_AND_FAMILY:
            # Some write the family name first, and by sound alone not everybody is found the other way round.
            people.append({"full_name": f"{words[1]} {words[0]}", **contacts})
        if tail:
            # "Okonkwo, Mina" and "Mina Okonkwo, Acme" look alike, and "Mina Okonkwo, Lagos" does too.
            people = [
                {"full_name": head, "company_name": tail, **contacts},
                {"full_name": head, "city": tail, **contacts},
                {"full_name": f"{tail} {head}", **contacts},
            ]
    companies = [{"company_name": head, **({"city": tail} if tail else {}), **contacts}]
    candidates = [_candidate(RecordKind.RECORD_KIND_LEAD, values) for values in people]
    candidates += [_candidate(RecordKind.RECORD_KIND_ACCOUNT, values) for values in companies]
    return Reading(
        text,
        tuple(candidates[:_MOST_CANDIDATES]),
        values=(people or companies)[0],
        is_company=not people,
        is_one_word=not contacts and not tail and len(head.split()) == 1,
    )


def _both(values: Mapping[str, str]) -> tuple[Candidate, ...]:
    """A person and a company with these values: they share no blocking key, so each is asked for."""
    kinds = (RecordKind.RECORD_KIND_LEAD, RecordKind.RECORD_KIND_ACCOUNT)
    return tuple(_candidate(kind, values) for kind in kinds) if values else ()


def _candidate(kind: RecordKind.ValueType, values: Mapping[str, str]) -> Candidate:
    # A lead that has no name of a person and one of a company would be compared as a company.
    return Candidate(kind=kind, values=values)


def begins_like(typed: str, shown: Iterable[str]) -> bool:
    """Whether each typed word is the beginning of a word of what is shown: for names that are half typed."""
    words = [word for text in shown for word in _words(text)]
    wanted = _words(typed)
    return bool(wanted) and all(any(word.startswith(each) for word in words) for each in wanted)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())
