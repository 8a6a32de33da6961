"""What holds for every text: nothing raises, order does not matter, and a suggestion is the last word."""

import time

from hypothesis import given
from hypothesis import strategies as st

from dedup_service.domain.data_entry import DataEntryRule, FieldRules, Vocabulary
from dedup_service.domain.fields import FIELDS, max_code_points
from dedup_service.domain.records import RecordKind
from tests.domain.data_entry.forms import SHIPPED, findings, with_rules

WORDS = Vocabulary.of({name: {"Springfield": 500, "Consulting": 90, "Straße": 70} for name in FIELDS})
NAMES = st.sampled_from([*FIELDS, "custom.tier", "custom.note"])
# Lone surrogates and NUL too: they are refused elsewhere, but a form may hold them while somebody types.
ANY_TEXT = st.text(st.characters(), max_size=300)
PIECES = st.sampled_from(
    [
        *(
            "ST",
            "St.",
            "Inc",
            "INC.",
            "Co",
            "Ltd",
            "GMBH",
            "VAN",
            "DER",
            "O'BRIEN",
            "MCX",
            "IBM",
            "5TH",
            "12",
        ),
        *("Hauptstr.", "str", "STRASSE", "Mgr", "Sr", "*", "'", "\u2019", "-", ",", "(", "\n"),
        # Letters whose other case is longer, is another letter, or does not exist.
        *("\u0130STANBUL", "\u01c5UR", "\u0391\u03a3", "\u00df", "\U0001d400\U0001d401", "\u24b6\u24b7"),
    ]
)
PIECED = st.lists(PIECES, max_size=9).map(" ".join) | st.lists(PIECES, max_size=9).map("".join)
VALUES = st.dictionaries(NAMES, ANY_TEXT | PIECED, max_size=12)
POLICY = with_rules(
    "custom.tier", FieldRules(pattern="a*", allowed_values=("Gold", "Silver"), max_code_points=9)
)


@given(VALUES, st.sampled_from([None, *RecordKind]))
def test_no_text_makes_a_check_fail(values: dict[str, str], kind: RecordKind | None) -> None:
    """Every finding is about a field that was given or is required, and says something."""
    for policy in (SHIPPED, POLICY):
        for finding in findings(values, kind, policy, WORDS):
            assert finding.message
            assert finding.field.startswith("values.")
            assert len(finding.suggested_value) <= max_code_points(finding.field.removeprefix("values."))


def test_the_largest_form_is_checked_in_a_moment() -> None:
    """Two hundred fields at their limit, of words that every rule looks at."""
    values = {f"custom.f{n}": "ST. " * 1024 for n in range(150)}
    values |= {name: ("AB, " * 1024)[: max_code_points(name)] for name in FIELDS}
    started = time.perf_counter()
    assert len(findings(values, RecordKind.LEAD, SHIPPED, WORDS)) > 0
    assert time.perf_counter() - started < 2


@given(VALUES)
def test_the_order_of_the_values_does_not_matter(values: dict[str, str]) -> None:
    """The same values give the same findings in the same order."""
    shuffled = dict(sorted(values.items(), reverse=True))
    assert findings(shuffled, RecordKind.LEAD, SHIPPED, WORDS) == findings(
        values, RecordKind.LEAD, SHIPPED, WORDS
    )


@given(VALUES)
def test_findings_come_by_weight_then_by_field(values: dict[str, str]) -> None:
    """An ERROR before a WARNING before a SUGGESTION."""
    found = findings(values, RecordKind.CONTACT, SHIPPED, WORDS)
    assert list(found) == sorted(found, key=lambda each: (each.severity.rank, each.field, each.rule))


@given(NAMES, PIECED)
def test_taking_a_suggestion_settles_the_matter(name: str, text: str) -> None:
    """Once the capitals or the short forms are put right, the same rule finds nothing any more."""
    for finding in findings({name: text}):
        if finding.rule in (DataEntryRule.CAPITALS, DataEntryRule.SHORT_FORM) and finding.suggested_value:
            again = findings({name: finding.suggested_value})
            assert finding.rule not in [each.rule for each in again]
