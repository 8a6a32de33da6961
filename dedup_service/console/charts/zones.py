"""A scale of a few named zones, with a mark in the one where something is."""

from collections.abc import Sequence

from markupsafe import Markup

from dedup_service.console.charts.axes import fitted, joined, label, picture

_TOP = 16
_HEIGHT = 12
_GAP = 3


def zones(
    chart: str,
    width: int,
    names: Sequence[str],
    kinds: Sequence[str],
    here: int,
    title: str,
    description: str,
) -> Markup:
    """The zones from left to right; `here` is the place of the marked one from 0."""
    step = (width + _GAP) / len(names)
    parts: list[Markup] = []
    for place, (name, kind) in enumerate(zip(names, kinds, strict=True)):
        x = place * step
        parts.append(
            Markup('<rect class="ch-zone ch-zone-{}{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
                kind,
                " ch-zone-here" if place == here else "",
                round(x, 1),
                _TOP,
                round(step - _GAP, 1),
                _HEIGHT,
            )
        )
        shown = fitted(name, step - _GAP)
        parts.append(label(x, _TOP + _HEIGHT + 17, shown, "ch-name" if place == here else "ch-tick"))
    middle = here * step + (step - _GAP) / 2
    parts.append(Markup('<path class="ch-here" d="M{} {}l-6 -9h12z"/>').format(round(middle, 1), _TOP - 3))
    return picture(chart, width, _TOP + _HEIGHT + 24, title, description, joined(parts))
