"""An update fills gaps; what differs is told, and nothing is taken away."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dedup_service.domain.intake.folding import fold
from dedup_service.domain.records import Child, ChildKind, Fact, Owner, RecordDraft, RecordKey, RecordKind

KEY = RecordKey("crm", "1")
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
FIELDS = ("given_name", "family_name", "email", "secondary_email", "phone", "street", "city", "job_title")
NONE: frozenset[str] = frozenset()

values = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(("", "a", "A", "b", "c")))


def draft(*facts: Fact, **given: str) -> RecordDraft:
    return RecordDraft(KEY, RecordKind.LEAD, given, facts=facts)


def test_a_gap_is_filled() -> None:
    """What the record does not say yet, it says from now on, and nothing differs."""
    folded = fold(draft(email="a@x.example"), draft(phone="1"), NONE, own_word=False)
    assert folded.draft.values == {"email": "a@x.example", "phone": "1"}
    assert folded.differences == ()


def test_an_address_is_not_mixed_of_two() -> None:
    """Where a part of the address is known, no other part is taken from elsewhere."""
    folded = fold(draft(city="Bonn"), draft(street="Am Markt 1", city="Bonn"), NONE, own_word=False)
    assert folded.draft.values == {"city": "Bonn"}
    [told] = folded.differences
    assert (told.field, told.stored, told.offered, told.taken) == ("street", "", "Am Markt 1", False)


def test_a_second_address_goes_to_the_second_place() -> None:
    """An e-mail address beside another one is kept as the secondary one."""
    folded = fold(draft(email="a@x.example"), draft(email="b@x.example"), NONE, own_word=False)
    assert folded.draft.values == {"email": "a@x.example", "secondary_email": "b@x.example"}
    assert [told.taken for told in folded.differences] == [True]


def test_the_newest_wins_where_the_policy_says_so() -> None:
    """The value that it replaces is told."""
    wins = frozenset({"job_title"})
    folded = fold(draft(job_title="Clerk"), draft(job_title="Buyer"), wins, own_word=False)
    assert folded.draft.values == {"job_title": "Buyer"}
    assert [(told.stored, told.taken) for told in folded.differences] == [("Clerk", True)]


def test_times_move_on_and_never_back() -> None:
    """A request that came later counts, whoever tells of it; an earlier one changes nothing."""
    later = fold(
        draft(Fact("requested", time=EARLY)), draft(Fact("requested", time=LATE)), NONE, own_word=False
    )
    assert later.draft.facts == (Fact("requested", time=LATE),)
    earlier = fold(
        draft(Fact("requested", time=LATE)), draft(Fact("requested", time=EARLY)), NONE, own_word=False
    )
    assert earlier.draft.facts == (Fact("requested", time=LATE),)


def test_other_facts_stay_as_the_record_states_them() -> None:
    """A count that differs is told; a new one is added."""
    folded = fold(
        draft(Fact("contracts", count=2)),
        draft(Fact("contracts", count=0), Fact("employees", count=9)),
        NONE,
        own_word=False,
    )
    assert folded.draft.facts == (Fact("contracts", count=2), Fact("employees", count=9))
    assert [(told.field, told.stored, told.offered) for told in folded.differences] == [
        ("fact.contracts", "2", "0")
    ]


def test_the_same_record_again_speaks_for_itself() -> None:
    """Its source's own word replaces what it said before."""
    stored, offered = (
        draft(Fact("contracts", count=2), phone="1"),
        draft(Fact("contracts", count=3), phone="2"),
    )
    folded = fold(stored, offered, NONE, own_word=True)
    assert folded.draft.values == {"phone": "2"}
    assert folded.draft.facts == (Fact("contracts", count=3),)


def test_children_are_kept_and_added() -> None:
    """A child of the same kind and id is as it was said last; no other is lost."""
    order, case = Child(ChildKind.ORDER, "1", open=True), Child(ChildKind.CASE, "1", open=True)
    closed = Child(ChildKind.ORDER, "1")
    stored = RecordDraft(KEY, RecordKind.ACCOUNT, {}, children=(order, case))
    offered = RecordDraft(KEY, RecordKind.ACCOUNT, {}, children=(closed,))
    assert set(fold(stored, offered, NONE, own_word=False).draft.children) == {closed, case}


def test_an_owner_is_kept() -> None:
    """Whoever works the record goes on doing so."""
    stored = RecordDraft(KEY, RecordKind.LEAD, {}, owner=Owner("users/ann"))
    offered = RecordDraft(KEY, RecordKind.LEAD, {}, owner=Owner("users/ben"))
    assert fold(stored, offered, NONE, own_word=False).draft.owner == Owner("users/ann")


@given(values, values, st.booleans())
def test_no_value_is_lost(stored: dict[str, str], offered: dict[str, str], own_word: bool) -> None:
    """Every value of either side is in the record or told among the differences."""
    folded = fold(draft(**stored), draft(**offered), NONE, own_word)
    kept = {value.casefold() for value in folded.draft.values.values()}
    told = {each for one in folded.differences for each in (one.stored.casefold(), one.offered.casefold())}
    for value in (*stored.values(), *offered.values()):
        assert not value.strip() or value.casefold() in kept | told


@given(values, values)
def test_folding_twice_is_folding_once(stored: dict[str, str], offered: dict[str, str]) -> None:
    """The same offer again changes nothing more."""
    once = fold(draft(**stored), draft(**offered), NONE, own_word=False).draft
    assert fold(once, draft(**offered), NONE, own_word=False).draft == once
