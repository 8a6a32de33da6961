"""The shipped policy with changes, and what the reader says about it."""

import pytest

from dedup_service.company_files import CompanyFileError, Problem, parse_policy, policy_text

SHIPPED = policy_text(None)


def changed(*changes: tuple[str, str]) -> str:
    """The shipped policy with each text replaced, which must be in it once."""
    text = SHIPPED
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is in the policy {text.count(old)} times"
        text = text.replace(old, new)
    return text


def line_of(part: str, text: str = SHIPPED) -> int:
    """The line, from 1, in which a part of the text begins."""
    return text.count("\n", 0, text.index(part)) + 1


def problems(text: str) -> tuple[Problem, ...]:
    """What the reader finds wrong in a policy."""
    with pytest.raises(CompanyFileError) as caught:
        parse_policy(text)
    return caught.value.problems
