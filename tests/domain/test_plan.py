"""Plans: which kinds go together, who survives, and the hash that binds votes (domain 7.3, 8.5)."""

from dataclasses import fields, replace
from datetime import timedelta
from itertools import chain, combinations

import pytest

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.golden import GoldenRecord
from dedup_service.domain.plan import (
    FieldChoice,
    Plan,
    PlanMember,
    ProposalType,
    default_survivor,
    make_plan,
    proposal_type,
)
from dedup_service.domain.records import Fact, RecordDraft
from tests.domain.cases import NOW, golden, merged_away, plan_of
from tests.merge_desk import JANUARY, POLICY, account, contact, key, lead, mastered, with_policy

SORTS: dict[str, RecordDraft] = {
    "lead": lead("l"),
    "contact": contact("c"),
    "company": account("a"),
    "person": account("p", person=True),
}
TYPES = {
    "lead": ProposalType.MERGE,
    "contact": ProposalType.MERGE,
    "company": ProposalType.MERGE,
    "person": ProposalType.MERGE,
    "lead contact": ProposalType.CONVERSION,
    "lead company": ProposalType.CONVERSION,
    "lead person": ProposalType.CONVERSION,
    "contact person": ProposalType.MERGE,
    "lead contact person": ProposalType.CONVERSION,
}
ALL_MIXES = [" ".join(mix) for size in (1, 2, 3, 4) for mix in combinations(SORTS, size)]


@pytest.mark.parametrize("mix", ALL_MIXES)
def test_kinds_go_together_as_the_rule_says(mix: str) -> None:
    """Every mix of lead, contact, company and person account is a merge, a conversion or refused (8.5)."""
    goldens = [golden(f"g{n}", SORTS[sort]) for n, sort in enumerate(mix.split() * 2)]
    if mix in TYPES:
        assert proposal_type(goldens) is TYPES[mix]
    else:
        with pytest.raises(InvalidInput):
            proposal_type(goldens)


@pytest.mark.parametrize("mix", ["lead contact", "lead company", "contact person", "lead contact person"])
def test_the_weightier_kind_survives(mix: str) -> None:
    """Across kinds the account survives over the contact over the lead, and nobody may choose otherwise."""
    goldens = [golden(sort, SORTS[sort]) for sort in mix.split()]
    *others, weightiest = mix.split()
    assert default_survivor(goldens, POLICY, NOW).golden_id == weightiest
    for sort in others:
        with pytest.raises(InvalidInput, match="does not survive over"):
            plan_of(*goldens, survivor=sort)


def test_a_mastered_account_survives_by_default() -> None:
    """Mastered over provisional, even when the provisional one has more members and is older."""
    goldens = [golden("a", account("1"), account("2")), golden("b", mastered("3"))]
    assert default_survivor(goldens, POLICY, NOW).golden_id == "b"


def test_the_warmer_lead_survives_by_default() -> None:
    """LIVE over NAME over DEAD."""
    live = golden("z", lead("live", Fact("requested", time=NOW)))
    name, dead = golden("y", lead("name")), golden("x", lead("dead", company_name="x"))
    assert default_survivor([dead, name, live], POLICY, NOW).golden_id == "z"
    assert default_survivor([dead, name], POLICY, NOW).golden_id == "y"


def test_then_the_most_members_then_the_oldest_survive() -> None:
    """Equal in kind and state, the larger survives; equal in size, the older."""
    small, large = golden("a", contact("1")), golden("b", contact("2"), contact("3"))
    assert default_survivor([small, large], POLICY, NOW).golden_id == "b"
    young = GoldenRecord(replace(small.row, create_time=JANUARY + timedelta(days=1)), small.members)
    assert default_survivor([young, golden("c", contact("4"))], POLICY, NOW).golden_id == "c"


def test_a_plan_is_the_same_whatever_the_order() -> None:
    """Members and choices are put in order, so that the same merge has one hash."""
    goldens = [golden(name, contact(name)) for name in "abc"]
    choices = [FieldChoice("email", key("b")), FieldChoice("address", key("a"))]
    plan = plan_of(*goldens, survivor="a", choices=choices)
    assert plan_of(*reversed(goldens), survivor="a", choices=choices[::-1]) == plan
    assert plan.golden_ids == ("a", "b", "c")


def _member_changes(plan: Plan) -> list[Plan]:
    first, *rest = plan.members
    other_records = (replace(first.records[0], version=2), replace(first.records[0], key=key("other")))
    changed: list[PlanMember] = [
        replace(first, golden_id="0"),
        replace(first, kind=SORTS["lead"].kind),
        replace(first, version=9),
        replace(first, records=()),
        *(replace(first, records=(record,)) for record in other_records),
    ]
    assert {f.name for f in fields(PlanMember)} == {"golden_id", "kind", "version", "records"}
    return [replace(plan, members=(member, *rest)) for member in changed] + [
        replace(plan, members=tuple(rest))
    ]


def test_the_hash_changes_with_anything_in_the_plan() -> None:
    """Type, members, versions, records, survivor, choices and policy version each change the hash (C-1)."""
    plan = plan_of(golden("a", contact("a")), golden("b", contact("b")), survivor="a")
    assert {f.name for f in fields(Plan)} == {
        "type",
        "members",
        "survivor_id",
        "field_choices",
        "policy_version",
    }
    changed = [
        replace(plan, type=ProposalType.CONVERSION),
        replace(plan, survivor_id="b"),
        replace(plan, field_choices=(FieldChoice("email", key("a")),)),
        replace(plan, field_choices=(FieldChoice("email", key("b")),)),
        replace(plan, field_choices=(FieldChoice("phone", key("a")),)),
        replace(plan, policy_version="other"),
        *_member_changes(plan),
    ]
    hashes = {each.hash for each in (plan, *changed)}
    assert len(hashes) == 1 + len(changed)


def test_differences_name_the_cause() -> None:
    """What changed between two plans is told in sentences that name the record or golden record."""
    one, other, third = (golden(n, contact(n)) for n in "abc")
    plan = plan_of(one, other, survivor="a")
    written = GoldenRecord(replace(one.row, version=2), tuple(replace(r, version=2) for r in one.members))
    newer = plan_of(written, third, survivor="c", policy=with_policy(version="2"))
    assert plan.differences(newer) == [
        "goldenRecords/b left the plan",
        "goldenRecords/c joined the plan",
        "sources/crm/records/a was written",
        "the policy is now version 2",
        "the survivor is now goldenRecords/c",
    ]
    assert plan.differences(plan) == []


def test_every_fault_of_a_plan_is_named_at_once() -> None:
    """A merged member, a strange survivor and bad choices are all told in one answer."""
    goldens = [golden("a", contact("a")), merged_away(golden("b", contact("b")), "z")]
    choices = [
        FieldChoice("nonsense", key("a")),
        FieldChoice("email", key("stranger")),
        FieldChoice("phone", key("a")),
        FieldChoice("phone", key("a")),
    ]
    with pytest.raises(InvalidInput) as refused:
        make_plan(goldens, "nobody", choices, POLICY)
    said = [(v.field, v.description) for v in refused.value.violations]
    assert said == [
        ("golden_records", "goldenRecords/b is MERGED; it lives on in goldenRecords/z"),
        ("survivor", "must be one of golden_records"),
        ("field_choices[nonsense]", "no such field or field group"),
        ("field_choices[email]", "sources/crm/records/stranger is no active member of this plan"),
        ("field_choices[phone]", "stands twice; choose one record"),
    ]


@pytest.mark.parametrize(("count", "taken"), [(1, False), (2, True), (50, True), (51, False)])
def test_a_plan_joins_2_to_50(count: int, taken: bool) -> None:
    """One golden record is no merge, and more than fifty are too many."""
    goldens = [golden(f"{n:02}", contact(str(n))) for n in range(count)]
    if taken:
        assert len(plan_of(*goldens).members) == count
    else:
        with pytest.raises(InvalidInput, match="2 to 50"):
            plan_of(*goldens)


def test_field_groups_may_be_chosen() -> None:
    """A choice names a field, a custom field or a group."""
    goldens = [golden(n, contact(n)) for n in "ab"]
    named = ("address", "person_name", "email", "custom.shoe_size")
    plan = plan_of(*goldens, choices=[FieldChoice(name, key("a")) for name in named])
    assert set(chain(c.field for c in plan.field_choices)) == set(named)
