"""Whom a golden record is about, as a list shows it: a name, and a value that tells it from its namesakes.

Computed whenever it is shown and never stored: it says what the records say now, and nothing once erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dedup_service.domain.golden import GoldenRecord, GoldenState, golden_values
from dedup_service.domain.policy import Policy
from dedup_service.domain.records import RecordKind
from dedup_service.domain.visibility import WHOLE, Sight

_PERSON = ("given_name", "middle_name", "family_name")
_CONTACT = ("email", "secondary_email", "phone", "mobile_phone")
_PLACE = ("city", "region", "country")


@dataclass(frozen=True, slots=True)
class Display:
    """A name, and an e-mail, else a phone, else a place; either may be empty."""

    name: str = ""
    detail: str = ""


def display_of(golden: GoldenRecord, policy: Policy, sight: Sight = WHOLE) -> Display:
    """How to show this golden record to whom sees so much of it.

    One that was merged away, deleted or erased has nothing to show.
    """
    if golden.row.state is not GoldenState.LIVE:
        return Display()
    if not sight.whole:
        seen = tuple(each for each in golden.members if sight.may_read(each.key.source, each.kind))
        golden = replace(golden, members=seen)
    values = {name: text for name, text in golden_values(golden, policy).items() if not sight.masks(name)}
    is_company = golden.kind is RecordKind.ACCOUNT and not golden.person_account
    return Display(display_name(values, is_company=is_company), display_detail(values))


def display_name(values: Mapping[str, str], *, is_company: bool) -> str:
    """The name of the person, or of the company; of the other where only that one has a name."""
    person = values.get("full_name", "") or " ".join(_present(values, _PERSON))
    company = values.get("company_name", "")
    return (company or person) if is_company else (person or company)


def display_detail(values: Mapping[str, str]) -> str:
    """An e-mail address, else a phone number, else the place."""
    return next(iter(_present(values, _CONTACT)), "") or ", ".join(_present(values, _PLACE))


def _present(values: Mapping[str, str], names: tuple[str, ...]) -> list[str]:
    return [values[name] for name in names if values.get(name, "").strip()]
