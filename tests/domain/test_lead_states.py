"""What the facts of a lead come to, whatever the moment (domain 2.1, 2.2, 2.4)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from dedup_service.domain.attention import AttentionTimes, last_touch
from dedup_service.domain.dead_leads import AGE_BOUNDS_DAYS, AGES, DeadLeadDimension, in_own_order
from dedup_service.domain.lead_states import lead_state, words
from dedup_service.domain.leads import lead_class
from dedup_service.domain.records import Fact, LeadClass, Owner
from tests.domain.cases import JANUARY, NOW, stored
from tests.domain.written_policy import WRITTEN_POLICY
from tests.merge_desk import lead

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def fact(name: str, time: datetime) -> Fact:
    return Fact(name, time=time)


@pytest.mark.parametrize(
    ("touched", "requested", "expected"),
    [
        (None, None, None),
        (NOW - 3 * DAY, None, NOW - 3 * DAY),
        (None, NOW - 2 * DAY, NOW - 2 * DAY),
        (NOW - 3 * DAY, NOW - 2 * DAY, NOW - 2 * DAY),
        (NOW - DAY, NOW - 2 * DAY, NOW - DAY),
        (NOW + 90 * DAY, NOW - 2 * DAY, NOW),
    ],
)
def test_the_last_touch_is_the_later_of_two_facts(
    touched: datetime | None, requested: datetime | None, expected: datetime | None
) -> None:
    """A request touches a lead too; what lies after the write counts as the time of the write."""
    known = [("last_touched", touched), ("requested", requested)]
    draft = lead("a", *(fact(name, time) for name, time in known if time is not None))
    assert last_touch(draft, NOW) == expected


@pytest.mark.parametrize(
    ("requested", "disqualified", "age_days"),
    [
        (NOW - 9 * DAY, NOW - 2 * DAY, 7),
        (NOW - 2 * DAY - 23 * HOUR, NOW - 2 * DAY, 0),
        (NOW - 2 * DAY, NOW - 2 * DAY, 0),
        # The first request is no longer known, but since when the store has known the lead is.
        (NOW - DAY, JANUARY + 5 * DAY, 5),
        (None, JANUARY + 5 * DAY, 5),
        (None, JANUARY - DAY, None),
        (NOW, None, None),
    ],
)
def test_the_age_runs_to_the_disqualification(
    requested: datetime | None, disqualified: datetime | None, age_days: int | None
) -> None:
    """From the request, or from when the store first saw the lead; None where neither was before."""
    known = [("requested", requested), ("disqualified", disqualified)]
    draft = lead("a", *(fact(name, time) for name, time in known if time is not None))
    assert lead_state(stored(draft), WRITTEN_POLICY, NOW).age_days == age_days


def test_a_state_says_whose_the_lead_is_and_how_it_died() -> None:
    """The three parts of the owner, and the words of reason, step and lead source."""
    draft = replace(
        lead(
            "desk/a",
            fact("disqualified", NOW - DAY),
            Fact("disqualified_reason", text=" Wrong \n number"),
            Fact("disqualified_step", text="First call"),
            email="a@x.example",
            lead_source="Fair",
        ),
        owner=Owner("users/ann", "sales", "inbound"),
    )
    state = lead_state(stored(draft), WRITTEN_POLICY, NOW)
    assert (state.owner, state.function, state.queue) == ("users/ann", "sales", "inbound")
    assert (state.reason, state.step, state.lead_source) == ("Wrong number", "First call", "Fair")
    assert (state.lead_class, state.disqualified_time) == (LeadClass.DEAD, NOW - DAY)


def test_a_reason_without_a_disqualification_is_no_reason() -> None:
    """What a source left behind when it took a disqualification back says nothing."""
    draft = lead(
        "a", Fact("disqualified_reason", text="Wrong number"), Fact("disqualified_step", text="call")
    )
    state = lead_state(stored(draft), WRITTEN_POLICY, NOW)
    assert (state.reason, state.reason_key, state.step, state.step_key) == ("", 0, "", 0)


def test_words_have_one_number_however_they_are_written() -> None:
    """Case and space do not count; another text has another number, and a blank one none."""
    assert words("  Groß  und\tklein ") == ("Groß und klein", words("GROSS UND KLEIN")[1])
    assert words("klein")[1] != words("gross")[1]
    assert words(" \n ") == ("", 0)
    assert words("x" * 999)[0] == "x" * 200


@pytest.mark.parametrize("dormant_days", [1, 180])
@pytest.mark.parametrize("ago", [timedelta(0), DAY, DAY + timedelta(microseconds=1), 180 * DAY, 181 * DAY])
def test_the_times_of_a_policy_say_what_the_class_is(dormant_days: int, ago: timedelta) -> None:
    """A reachable lead that asked is LIVE exactly when it asked at `asked_since` or later."""
    policy = replace(WRITTEN_POLICY, lead_dormant_after=timedelta(days=dormant_days))
    found, _ = lead_class(lead("a", fact("requested", NOW - ago)), policy, NOW)
    assert (found is LeadClass.LIVE) == (NOW - ago >= AttentionTimes.of(policy, NOW).asked_since)


def test_ages_and_months_have_an_order_of_their_own() -> None:
    """From young to old and from early to late, in front of what is none of them."""
    assert len(AGES) == len(AGE_BOUNDS_DAYS) + 1
    said = ["a year or more", "", "under a day", "7 to 29 days"]
    assert in_own_order(DeadLeadDimension.AGE, said) == ["under a day", "7 to 29 days", "a year or more", ""]
    months = ["(not known)", "2026-02", "2025-12", "2026-02"]
    assert in_own_order(DeadLeadDimension.MONTH, months) == ["2025-12", "2026-02", "(not known)"]
