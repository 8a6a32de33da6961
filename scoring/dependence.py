"""Where comparisons are not independent: what a household, employer or group shares, and what namesakes do.

Fellegi and Sunter add the weights of comparisons as if each were seen by itself. Colleagues have telephone,
address, domain and employer in common for one reason, not four; namesakes have the same name before the @.
`stand` says from the levels reached how two records stand to one another, `limits` takes off what comparisons
that depend on one another say too often.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scoring.comparators import Comparator

Reached = tuple[Comparator, str]
"""A comparator and the level that it reached."""


class Standing(NamedTuple):
    """How two records stand to one another."""

    # Something says that these are two of a household, staff or group, and no identifier outweighs it.
    told_apart: bool
    # The name says who, within a household or group, is meant.
    named: bool
    # The one is not named as the other is at all.
    other_name: bool
    # They are not reached in one place: what they share does not prove more than the names do.
    refuted: bool


def stand(reached: Iterable[Reached]) -> Standing:
    """How two records stand to one another, from the levels that were reached."""
    personal = contradictions = 0
    named = nearly_named = other_name = refuted = told_apart = colleagues = False
    other_bearer = ""
    outweighed_by: list[int] = []
    for comparator, level in reached:
        if level in comparator.personal:
            personal += 1
        if level in comparator.contradicting:
            contradictions += 1
        if level in comparator.telling_apart:
            if comparator.outweighed_by:
                outweighed_by.append(comparator.outweighed_by)
            else:
                told_apart = True
            # The comparisons that can name somebody come first.
            other_name = other_name or bool(comparator.naming)
        named = named or level in comparator.naming
        nearly_named = nearly_named or level in comparator.naming_with_personal
        refuted = refuted or level in comparator.refuting
        colleagues = colleagues or level in comparator.of_colleagues
        if level in comparator.other_bearer:
            other_bearer = level
    if other_bearer and not personal:
        refuted = refuted or colleagues or other_bearer == "different"
        told_apart = told_apart or (colleagues and other_bearer == "different")
    return Standing(
        told_apart or any(personal < enough for enough in outweighed_by),
        named or (nearly_named and personal > 0) or (personal > 1 and not other_name),
        other_name,
        not personal and (refuted or contradictions > 1),
    )


def excesses(
    weighed: Sequence[tuple[Comparator, str, float]],
    standing: Standing,
    name_limit_bits: float,
    shareable_limit_bits: float,
) -> tuple[float, float]:
    """How many bits the names, and what a household or group shares, say beyond their limits."""
    names = shared = 0.0
    named, refuted = standing.named, standing.refuted
    for comparator, level, weight in weighed:
        # What names somebody counts with what is shared where it does not name them, also against it.
        if not named and (
            (weight > 0 and (comparator.is_shareable or (standing.other_name and not comparator.is_name)))
            or (weight < 0 and comparator.is_name)
        ):
            if not comparator.is_identifier:
                shared += weight
        elif weight > 0 and (
            comparator.is_name or level in comparator.of_namesakes or (refuted and comparator.is_shareable)
        ):
            names += weight
    return max(0.0, names - name_limit_bits), max(0.0, shared - shareable_limit_bits)
