"""Which value survives, from whom, and by which rule."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring import MemberValues, Rule, SurvivingValue, SurvivorshipError, survive

ADDRESS = {"street": "address", "city": "address"}
START = datetime(2026, 1, 1, tzinfo=UTC)


def member(member_id: str, trust: int = 0, day: int = 0, **values: str) -> MemberValues:
    """A member, updated so many days after the first of January."""
    return MemberValues(member_id, values, trust, START + timedelta(days=day))


def surviving(
    *members: MemberValues, rule: Rule = Rule.MOST_TRUSTED, choices: dict[str, str] | None = None
) -> dict[str, SurvivingValue]:
    """What survives with one rule for all fields."""
    return survive(members, {}, ADDRESS, choices or {}, rule)


MEMBERS = st.lists(
    st.builds(
        member,
        member_id=st.sampled_from("abcdef"),
        trust=st.integers(0, 2),
        day=st.integers(0, 2),
        email=st.sampled_from(["", "x@a.com", "X@a.com", "y@a.com"]),
        street=st.sampled_from(["", "1 High St", "1 High Street"]),
        city=st.sampled_from(["", "Leeds"]),
    ),
    max_size=5,
    unique_by=lambda one: one.member_id,
)


@given(MEMBERS, st.sampled_from(Rule))
def test_order_of_members_changes_nothing(members: list[MemberValues], rule: Rule) -> None:
    """Every permutation of the members gives the same values, in the same order of keys."""
    expected = surviving(*members, rule=rule)
    for permuted in itertools.islice(itertools.permutations(members), 24):
        assert list(surviving(*permuted, rule=rule).items()) == list(expected.items())
    assert list(expected) == sorted(expected)


@given(MEMBERS, st.sampled_from(Rule))
def test_values_come_from_members(members: list[MemberValues], rule: Rule) -> None:
    """Every surviving value is one that its member has, and no field with a value is lost but within a
    group.
    """
    by_id = {one.member_id: one for one in members}
    survivors = surviving(*members, rule=rule)
    for field, survivor in survivors.items():
        assert by_id[survivor.member_id].values[field] == survivor.value
    assert ("email" in survivors) == any(one.values["email"] for one in members)


def test_rules() -> None:
    """Each rule picks by what its name says."""
    members = (
        member("a", trust=9, day=1, job_title="CEO"),
        member("b", trust=1, day=9, job_title="Chief"),
        member("c", trust=1, day=1, job_title="Chief Executive Officer"),
        member("d", trust=1, day=2, job_title="chief"),
    )
    picked = {rule: surviving(*members, rule=rule)["job_title"].member_id for rule in Rule}
    assert picked == {
        Rule.MOST_TRUSTED: "a",
        Rule.MOST_RECENT: "b",
        Rule.MOST_COMPLETE: "c",
        Rule.MOST_FREQUENT: "b",
    }


def test_ties_go_to_the_next_rule_and_then_to_the_member_id() -> None:
    """Equal trust is decided by the newer value, equal in all by the smaller id."""
    newer = surviving(member("a", email="a@x.com"), member("b", day=1, email="b@x.com"))
    assert newer["email"] == SurvivingValue("b@x.com", "b", "MOST_TRUSTED")
    equal = surviving(member("b", email="b@x.com"), member("a", email="a@x.com"))
    assert equal["email"].member_id == "a"


def test_a_group_survives_from_one_member() -> None:
    """Street and city never come from two members; what that member lacks stays absent."""
    survivors = surviving(
        member("a", trust=1, street="1 High St"), member("b", street="2 Mill Lane", city="Leeds")
    )
    assert {field: one.member_id for field, one in survivors.items()} == {"street": "a"}


def test_rules_may_be_given_by_field_or_group() -> None:
    """The rule of a field or group takes precedence over the default."""
    members = (
        member("a", trust=1, email="a@x.com", city="Leeds"),
        member("b", day=5, email="b@x.com", city="York"),
    )
    survivors = survive(
        members, {"email": Rule.MOST_RECENT, "address": Rule.MOST_RECENT}, ADDRESS, {}, Rule.MOST_TRUSTED
    )
    assert survivors["email"] == SurvivingValue("b@x.com", "b", "MOST_RECENT")
    assert survivors["city"].rule == "MOST_RECENT"


def test_choices_overrule() -> None:
    """A steward's choice of a member for a field or group wins, and says CHOICE."""
    members = (
        member("a", trust=9, email="a@x.com", street="1 High St"),
        member("b", email="b@x.com", city="Leeds"),
    )
    survivors = surviving(*members, choices={"email": "b", "address": "b"})
    assert survivors["email"] == SurvivingValue("b@x.com", "b", "CHOICE")
    assert {name: one.rule for name, one in survivors.items() if name in ADDRESS} == {"city": "CHOICE"}


def test_choice_of_one_field_of_a_group() -> None:
    """A choice for a single field of a group overrules the group for that field alone."""
    members = (member("a", trust=9, street="1 High St", city="Leeds"), member("b", city="York"))
    survivors = surviving(*members, choices={"city": "b"})
    assert (survivors["street"].member_id, survivors["city"].member_id) == ("a", "b")


def test_choice_without_a_value_falls_back() -> None:
    """A choice of a member that is gone or has no such value leaves the decision to the rule."""
    members = (member("a", email="a@x.com"), member("b"))
    for chosen in ("b", "gone"):
        assert surviving(*members, choices={"email": chosen})["email"].rule == "MOST_TRUSTED"


def test_blank_values_never_survive() -> None:
    """Spaces are no value."""
    assert surviving(member("a", trust=9, email="  "), member("b", email="b@x.com"))["email"].member_id == "b"


def test_two_members_of_one_id_are_refused() -> None:
    """Without distinct ids the answer would depend on the order."""
    with pytest.raises(SurvivorshipError):
        surviving(member("a"), member("a"))
