"""Whether a text names the person that a record is about."""

import pytest

from dedup_service.domain.erasure import Traces


@pytest.mark.parametrize(
    "values", [{"email": "00000000@new.example"}, {"phone": "000000"}, {"phone": "000 00 07"}]
)
def test_zeros_are_nobodys_number(values: dict[str, str]) -> None:
    """A number that is nothing without its zeros names nobody: an empty one would stand in every text."""
    traces = Traces.of_values(values)
    assert not traces.named_in("asked for in 2027, article 17")
    assert traces.numbers == frozenset()


def test_a_number_is_found_with_a_trunk_prefix_and_without() -> None:
    """The same line, as somebody abroad and somebody at home writes it."""
    traces = Traces.of_values({"phone": "030 123 456"})
    assert traces.named_in("call 0030-123456")
    assert traces.named_in("call 30123456")
    assert not traces.named_in("call 30123457")
