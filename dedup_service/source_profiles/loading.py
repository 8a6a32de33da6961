"""Rows that another system can take in, written by the profile that reads its exports.

What a profile reads from one column alone, it can write there: a field, and a fact of yes, no or a count.
What it reads under conditions, from lists or from words with a pattern has no one column to go back to.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dedup_service.domain.facts import FACTS, FactType
from dedup_service.domain.records import Fact, RecordKind
from dedup_service.source_profiles.profile import KindRule, LoadRules, ProfileObject, SourceProfile
from dedup_service.source_profiles.rules import Condition, Rules, means


@dataclass(frozen=True, slots=True)
class LoadedRow:
    """A row for the other system; `lost` are the fields that it has no column for."""

    cells: Mapping[str, str]
    lost: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Links:
    """The ids of the old system: of the record, of its account and of its parent; empty where it has none."""

    id: str
    account: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class LoadFile:
    """The file of one object for one kind of record."""

    rules: ProfileObject
    kind: KindRule
    load: LoadRules

    def row(self, values: Mapping[str, str], facts: Mapping[str, Fact], links: Links) -> LoadedRow:
        """What the other system is told of one person or company."""
        cells = {self.load.id: links.id, **dict(_made_true(self.kind.when))}
        lost = []
        late = []
        for name, text in values.items():
            written = _column_of(self._rules_of(name))
            if written is None:
                # The parts of a name say all of it.
                if name != "full_name" or not values.get("family_name"):
                    lost.append(name)
            elif written.unless:
                late.append((written, text))
            else:
                cells[written.column] = text
        for written, text in late:
            # A rule that holds only while another column is empty.
            if not any(_holds(condition, cells) for condition in written.unless):
                cells.setdefault(written.column, text)
        for name, fact in facts.items():
            cells |= _fact_cell(self.rules.facts.get(name, ()), name, fact)
        for column, said in ((self.load.account, links.account), (self.load.parent, links.parent)):
            if column and said:
                cells[column] = said
        missing = tuple(
            str(columns) for columns in self.load.required if not any(map(cells.get, columns.names))
        )
        return LoadedRow(cells, tuple(lost), missing)

    def _rules_of(self, name: str) -> Rules:
        # What a custom field says is in the words of the old system, such as the steps of its own process.
        known = {} if name.startswith("custom.") else {**self.rules.fields, **self.kind.fields}
        return known.get(name, ())


def load_file(profile: SourceProfile, kind: RecordKind, *, person_account: bool) -> LoadFile | None:
    """The file of a system for one kind of record; None where it has no such object."""
    for rules in profile.objects.values():
        for each in rules.kinds:
            if rules.load is not None and (each.kind, each.person_account) == (kind, person_account):
                return LoadFile(rules, each, rules.load)
    return None


@dataclass(frozen=True, slots=True)
class _Written:
    column: str
    unless: tuple[Condition, ...]


def _column_of(rules: Rules) -> _Written | None:
    """The one column that a field can be written to."""
    for rule in rules:
        plain = not (rule.values or rule.when or rule.first_of or rule.without or rule.prefix)
        if plain and rule.columns is not None:
            return _Written(rule.columns.alternatives[0][0], rule.unless)
    return None


def _fact_cell(rules: Rules, name: str, fact: Fact) -> dict[str, str]:
    for rule in rules:
        if rule.columns is None or rule.when or rule.unless or rule.otherwise is not None:
            continue
        column = rule.columns.alternatives[0][0]
        if fact.count is not None and FACTS[name] is FactType.COUNT and not rule.values:
            return {column: str(fact.count)}
        if fact.flag is not None:
            for word, meaning in rule.values.items():
                if "*" not in word and means("yes" if fact.flag else "no", meaning):
                    return {column: word}
    return {}


def _made_true(when: tuple[Condition, ...]) -> Iterator[tuple[str, str]]:
    """Cells under which the conditions hold, where their words say just which."""
    for condition in when:
        word = next((each for each in condition.words if "*" not in each), "")
        if word:
            yield condition.columns.alternatives[0][0], word


def _holds(condition: Condition, cells: Mapping[str, str]) -> bool:
    said = next((cells[name] for name in condition.columns.names if cells.get(name)), "")
    return any(means(said, word) for word in condition.words)
