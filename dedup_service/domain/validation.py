"""What a record draft must satisfy before any work is done on it; every violation is named at once."""

import re
from collections.abc import Iterator
from decimal import Decimal

from dedup_service.domain.facts import FACTS
from dedup_service.domain.fields import MAX_FIELDS, is_known_field, max_code_points
from dedup_service.domain.records import (
    ID_TO_BE_GIVEN,
    SOURCE_PATTERN,
    SOURCE_RECORD_ID_PATTERN,
    Amount,
    Child,
    Fact,
    RecordDraft,
    RecordKey,
    RecordKind,
    Violation,
)

_PLAIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_. -]{0,63}")
_SURROGATE = re.compile("[\ud800-\udfff]")

MAX_FACTS = 100
MAX_CHILDREN = 10_000
MAX_ID_CODE_POINTS = 200
MAX_AMOUNT = Decimal(10) ** 18


def text_problem(text: str, limit: int) -> str:
    """Why a text cannot be stored, or an empty string: over its limit, NUL, or a lone surrogate."""
    if len(text) > limit:
        return f"has {len(text)} code points, at most {limit} are taken; shorten it"
    if "\x00" in text:
        return "holds a NUL character; remove it"
    if not text.isascii() and _SURROGATE.search(text):
        return "holds a lone surrogate, which is not valid Unicode; remove it"
    return ""


def draft_violations(draft: RecordDraft, functions: frozenset[str], at: str = "record") -> list[Violation]:
    """Everything wrong with a draft, with field paths below `at`."""
    return [
        *_key_violations(draft.key, f"{at}.name"),
        *_value_violations(draft, at),
        *_owner_violations(draft, functions, at),
        *(v for i, fact in enumerate(draft.facts) for v in _fact_violations(fact, f"{at}.facts[{i}]")),
        *(
            v
            for i, child in enumerate(draft.children)
            for v in _child_violations(child, f"{at}.children[{i}]")
        ),
        *_reference_violations(draft, at),
    ]


def _key_violations(key: RecordKey, at: str) -> Iterator[Violation]:
    if not SOURCE_PATTERN.fullmatch(key.source):
        yield Violation(at, "source must be lower-case letters, digits, - and _ (at most 63)")
    if not SOURCE_RECORD_ID_PATTERN.fullmatch(key.source_record_id):
        yield Violation(at, "source record id must be 1 to 200 characters without space, / or control")
    elif key.source_record_id == ID_TO_BE_GIVEN:
        yield Violation(at, "source record id - asks intake for one: no record has it")
    elif problem := text_problem(key.source_record_id, MAX_ID_CODE_POINTS):
        yield Violation(at, f"source record id {problem}")


def _value_violations(draft: RecordDraft, at: str) -> Iterator[Violation]:
    if len(draft.values) > MAX_FIELDS:
        yield Violation(f"{at}.values", f"has {len(draft.values)} fields, at most {MAX_FIELDS} are taken")
        return
    for name, value in draft.values.items():
        if not is_known_field(name):
            # A name that is no plain word may be a value gone astray: errors repeat none.
            shown = name if _PLAIN_NAME.fullmatch(name) else "(not a plain word)"
            yield Violation(
                f"{at}.values", f"unknown field {shown!r}; custom fields are named custom.your_name"
            )
        elif problem := text_problem(value, max_code_points(name)):
            yield Violation(f"{at}.values[{name}]", problem)


def _owner_violations(draft: RecordDraft, functions: frozenset[str], at: str) -> Iterator[Violation]:
    if draft.owner is None:
        return
    for name in ("principal", "function", "queue"):
        if problem := text_problem(getattr(draft.owner, name), MAX_ID_CODE_POINTS):
            yield Violation(f"{at}.owner.{name}", problem)
    if draft.owner.function and draft.owner.function not in functions:
        yield Violation(f"{at}.owner.function", f"unknown function; known are {', '.join(sorted(functions))}")


def _fact_violations(fact: Fact, at: str) -> Iterator[Violation]:
    expected = FACTS.get(fact.name)
    if expected is None:
        yield Violation(f"{at}.name", f"unknown fact; known are {', '.join(sorted(FACTS))}")
        return
    given = [n for n in ("count", "amount", "flag", "time", "text") if getattr(fact, n) is not None]
    if given != [expected]:
        yield Violation(at, f"{fact.name} carries a {expected} and nothing else")
    if fact.count is not None and not 0 <= fact.count < 2**53:
        yield Violation(f"{at}.count", "must be from 0 to 2^53 - 1")
    if fact.time is not None and fact.time.tzinfo is None:
        yield Violation(f"{at}.time", "needs a time zone")
    if fact.text is not None and (problem := text_problem(fact.text, 1000)):
        yield Violation(f"{at}.text", problem)
    if fact.amount is not None:
        yield from _amount_violations(fact.amount, f"{at}.amount")
        if fact.amount.units.is_finite() and fact.amount.units < 0:
            # It would hide the weight of what other sources say.
            yield Violation(f"{at}.amount", "must not be negative")


def _amount_violations(amount: Amount, at: str) -> Iterator[Violation]:
    currency = amount.currency
    if not (amount.units.is_finite() and abs(amount.units) < MAX_AMOUNT):
        yield Violation(f"{at}.units", f"must be a number of less than {MAX_AMOUNT:.0e}")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        yield Violation(f"{at}.currency_code", "must be a three-letter ISO 4217 code such as EUR")


def _child_violations(child: Child, at: str) -> Iterator[Violation]:
    if not child.child_id:
        yield Violation(f"{at}.child_id", "is required")
    for name in ("child_id", "owner"):
        if problem := text_problem(getattr(child, name), MAX_ID_CODE_POINTS):
            yield Violation(f"{at}.{name}", problem)
    if child.amount is not None:
        yield from _amount_violations(child.amount, f"{at}.amount")


def _reference_violations(draft: RecordDraft, at: str) -> Iterator[Violation]:
    if len(draft.facts) > MAX_FACTS:
        yield Violation(f"{at}.facts", f"has {len(draft.facts)} facts, at most {MAX_FACTS} are taken")
    if len(draft.children) > MAX_CHILDREN:
        yield Violation(
            f"{at}.children", f"has {len(draft.children)} children, at most {MAX_CHILDREN} are taken"
        )
    if draft.person_account and draft.kind is not RecordKind.ACCOUNT:
        yield Violation(f"{at}.person_account", "only an ACCOUNT can be a person account")
    if draft.account is not None and draft.kind is not RecordKind.CONTACT:
        yield Violation(f"{at}.account", "only a CONTACT belongs to an account")
    if draft.parent is not None and draft.kind is not RecordKind.ACCOUNT:
        yield Violation(f"{at}.parent", "only an ACCOUNT has a parent")
    for name, reference in (("account", draft.account), ("parent", draft.parent)):
        if reference is not None:
            yield from _key_violations(reference, f"{at}.{name}")
    if draft.source_update_time is not None and draft.source_update_time.tzinfo is None:
        yield Violation(f"{at}.source_update_time", "needs a time zone")
    if draft.parent == draft.key:
        yield Violation(f"{at}.parent", "an account is not its own parent")
