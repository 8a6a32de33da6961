"""A row of an export as the draft of a record, or everything that is wrong with it.

Each part of the record is what the first rule of the profile says that says something. A part that cannot be
read is a problem of its row and never of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from dedup_service.domain.records import (
    SOURCE_RECORD_ID_PATTERN,
    Amount,
    Child,
    Fact,
    Owner,
    RecordDraft,
    RecordKey,
    RecordKind,
)
from dedup_service.source_profiles.columns import Cells, folded
from dedup_service.source_profiles.identifiers import id_of_address
from dedup_service.source_profiles.profile import ChildRule, KindRule, ProfileObject, is_date
from dedup_service.source_profiles.rules import Rule, Rules, first_text
from dedup_service.source_profiles.texts import amount_of, fact_of, flag_of
from dedup_service.source_profiles.times import TimeFormats

T = TypeVar("T")

_BAD_ID = "must be 1 to 200 characters without space, / or control character"


@dataclass(slots=True)
class AccountNames:
    """The accounts of one import by their names; a name that two of them have finds neither."""

    _keys: dict[str, RecordKey | None] = field(default_factory=dict)

    def add(self, draft: RecordDraft) -> None:
        """Note an account, by the name of its company."""
        name = folded(draft.values.get("company_name", ""))
        if draft.kind is RecordKind.ACCOUNT and not draft.person_account and name:
            known = self._keys.setdefault(name, draft.key)
            if known != draft.key:
                self._keys[name] = None

    def find(self, name: str) -> RecordKey | None:
        """The one account of this name."""
        return self._keys.get(folded(name))


@dataclass(frozen=True, slots=True)
class Converted:
    """What a row says: a draft, or why there is none: `problems` reject it, `left_out` leaves it out.

    `account_not_found` is the name of the account, where none of the import has it.
    """

    draft: RecordDraft | None = None
    problems: tuple[str, ...] = ()
    left_out: str = ""
    account_not_found: str = ""


@dataclass(frozen=True, slots=True)
class RowConverter:
    """Makes drafts of one source from rows of one object; `kept` are custom fields by the columns of them."""

    rules: ProfileObject
    source: str
    times: TimeFormats
    decimal_mark: str
    kept: Mapping[str, int]
    accounts: AccountNames

    def convert(self, cells: Cells, identity: str = "") -> Converted:
        """What one row becomes; never raises for what the row says.

        `identity` is the id of the record that the row goes on with; empty where it begins one.
        """
        for skip in self.rules.skip:
            if all(condition.holds(cells) for condition in skip.when):
                return Converted(left_out=skip.reason)
        kind = next(
            (each for each in self.rules.kinds if all(c.holds(cells) for c in each.when)),
            None,
        )
        if kind is None:
            return Converted(problems=("kind: no rule of the profile says what kind of record this is",))
        reading = _Reading(cells, self.times, self.decimal_mark)
        key = RecordKey(self.source, identity or self._identity(kind, reading))
        account, not_found = self._account(kind, reading)
        draft = RecordDraft(
            key=key,
            kind=kind.kind,
            values=dict(self._values(kind, reading)),
            person_account=kind.person_account,
            owner=self._owner(reading),
            facts=tuple(self._facts(reading)),
            children=tuple(self._children(reading)),
            account=account,
            parent=self._parent(kind, key, reading),
            source_update_time=reading.parsed("source_update_time", self.rules.updated, self.times.read),
        )
        return Converted(None if reading.problems else draft, tuple(reading.problems), "", not_found)

    def _identity(self, kind: KindRule, reading: "_Reading") -> str:
        text = reading.text("source_record_id", self.rules.id)
        if not text and self.rules.id_from is not None:
            address = reading.cells.text(self.rules.id_from)
            text = id_of_address(address) if address else ""
        text = kind.id_prefix + text if text else ""
        if not text:
            columns = [str(rule.columns) for rule in self.rules.id]
            columns += [str(self.rules.id_from)] if self.rules.id_from else []
            reading.problems.append(f"source_record_id: no text in {' | '.join(columns)}")
        elif not SOURCE_RECORD_ID_PATTERN.fullmatch(text):
            reading.problems.append(f"source_record_id: {_BAD_ID}")
        return text

    def _values(self, kind: KindRule, reading: "_Reading") -> Iterator[tuple[str, str]]:
        for name, rules in {**self.rules.fields, **kind.fields}.items():
            if text := reading.text(name, rules):
                yield name, _plain_date(text, self.times) if is_date(name) else text
        for name, place in self.kept.items():
            if text := reading.cells.texts[place].strip():
                yield name, text

    def _owner(self, reading: "_Reading") -> Owner | None:
        rules = self.rules.owner
        principal = reading.text("owner", rules.principal)
        queue = reading.text("queue", rules.queue)
        if not principal and not queue:
            return None
        return Owner(principal, reading.text("owner_function", rules.function), queue)

    def _account(self, kind: KindRule, reading: "_Reading") -> tuple[RecordKey | None, str]:
        """The account of a contact; and the name of it where it is named and not found."""
        if kind.kind is not RecordKind.CONTACT:
            return None, ""
        named = self.rules.account_named
        key = self._key(self.rules.account, "account", reading)
        if key is not None or named is None:
            return key, ""
        name = reading.cells.text(named)
        found = self.accounts.find(name)
        return found, "" if found else name

    def _parent(self, kind: KindRule, key: RecordKey, reading: "_Reading") -> RecordKey | None:
        """The parent of an account; systems that let an account be its own mean that it has none."""
        if kind.kind is not RecordKind.ACCOUNT:
            return None
        parent = self._key(self.rules.parent, "parent", reading)
        return None if parent == key else parent

    def _key(self, rules: Rules, target: str, reading: "_Reading") -> RecordKey | None:
        text = reading.text(target, rules)
        if text and not SOURCE_RECORD_ID_PATTERN.fullmatch(text):
            reading.problems.append(f"{target}: {_BAD_ID}")
        return RecordKey(self.source, text) if text else None

    def _facts(self, reading: "_Reading") -> Iterator[Fact]:
        for name, rules in self.rules.facts.items():
            if (fact := self._fact(name, rules, reading)) is not None:
                yield fact

    def _fact(self, name: str, rules: Rules, reading: "_Reading") -> Fact | None:
        def parse(rule: Rule, text: str) -> Fact:
            currency = _currency(rule, reading.cells)
            return fact_of(name, text, currency, self.decimal_mark, self.times)

        return reading.parsed_with_rule(f"fact.{name}", rules, parse)

    def _children(self, reading: "_Reading") -> Iterator[Child]:
        for rule in self.rules.children:
            if child_id := reading.text(f"child.{rule.kind}.id", rule.id):
                yield self._child(rule, child_id, reading)

    def _child(self, rule: ChildRule, child_id: str, reading: "_Reading") -> Child:
        at = f"child.{rule.kind}"
        amount: Amount | None = reading.parsed_with_rule(
            f"{at}.amount",
            rule.amount,
            lambda each, text: amount_of(text, _currency(each, reading.cells), self.decimal_mark),
        )
        return Child(
            rule.kind,
            child_id,
            owner=reading.text(f"{at}.owner", rule.owner),
            open=bool(reading.parsed(f"{at}.open", rule.open, flag_of)),
            amount=amount,
        )


@dataclass(slots=True)
class _Reading:
    """One row, and what is wrong with it so far."""

    cells: Cells
    times: TimeFormats
    decimal_mark: str
    problems: list[str] = field(default_factory=list)

    def text(self, target: str, rules: Rules) -> str:
        """What the rules say; a rule that must say something and does not is a problem."""
        found = first_text(rules, self.cells)
        if not found:
            self._check_required(target, rules)
        return found

    def parsed(self, target: str, rules: Rules, parse: Callable[[str], T]) -> T | None:
        """What the rules say, parsed."""
        return self.parsed_with_rule(target, rules, lambda _, text: parse(text))

    def parsed_with_rule(self, target: str, rules: Rules, parse: Callable[[Rule, str], T]) -> T | None:
        """What the first rule says that says something, parsed by what the rule knows of it."""
        for rule in rules:
            if text := rule.read(self.cells):
                try:
                    return parse(rule, text)
                except ValueError as error:
                    self.problems.append(f"{target}: {error}")
                    return None
        self._check_required(target, rules)
        return None

    def _check_required(self, target: str, rules: Rules) -> None:
        for rule in rules:
            if rule.required and rule.applies(self.cells):
                because = f" though {' and '.join(map(str, rule.when))}" if rule.when else ""
                self.problems.append(f"{target}: no text in {rule.columns}{because}")
                return


def _currency(rule: Rule, cells: Cells) -> str:
    said = cells.text(rule.currency) if rule.currency is not None else ""
    return said or rule.currency_code


def _plain_date(text: str, times: TimeFormats) -> str:
    """A day in the one way that cannot be read as another; what is no day stays as it is."""
    try:
        moment: datetime = times.read(text)
    except ValueError:
        return text
    return moment.date().isoformat()
