"""The members of a proposal as a graph: how strongly each two match, and which link is the weakest.

Members stand on a circle in their order, so that the same proposal always gives the same picture. They carry
the letters that their columns carry, since names have no room here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 340
HEIGHT = 240
_NODE_RADIUS = 17
# Of more members only the links that hold them together are drawn.
MAX_WHOLE = 8
# Beyond this many the numbers would lie upon one another; the list beside the picture has them.
MAX_LABELLED = 12
_THIN, _THICK = 1.2, 6.0
_THICK_BITS = 20.0
# A label and the space that it needs, and how far along its line it may stand, what is best first.
_LABEL_WIDTH, _LABEL_HEIGHT = 46, 21
_SHARES = (0.5, 0.35, 0.65, 0.42, 0.58, 0.28, 0.72)


@dataclass(frozen=True, slots=True)
class Edge:
    """The link of two members, by their places from 0, with its match weight and how that is written.

    `holds` says whether it is one of those that hold the members together: taken from the strongest on, the
    links that join what was not joined yet. The weakest of them is `is_weakest`.
    """

    left: int
    right: int
    bits: float
    label: str
    holds: bool
    is_weakest: bool
    is_chosen: bool = False
    url: str = ""


def holding(pairs: Sequence[tuple[int, int, float]], count: int) -> frozenset[int]:
    """Which of the links hold `count` members together: a strongest spanning tree, by places in `pairs`."""
    tops = list(range(count))

    def top(place: int) -> int:
        while tops[place] != place:
            tops[place] = tops[tops[place]]
            place = tops[place]
        return place

    found = set()
    for number in sorted(range(len(pairs)), key=lambda n: (-pairs[n][2], pairs[n][:2])):
        left, right = top(pairs[number][0]), top(pairs[number][1])
        if left != right:
            tops[left] = right
            found.add(number)
    return frozenset(found)


def cluster(letters: Sequence[str], edges: Sequence[Edge], title: str, description: str) -> Markup:
    """The graph as a picture; two members are a line, more stand on a circle."""
    places = _places(len(letters))
    drawn = edges if len(letters) <= MAX_WHOLE else [edge for edge in edges if edge.holds]
    ordered = sorted(drawn, key=lambda edge: (edge.is_chosen, edge.holds, edge.bits, edge.left, edge.right))
    lines = Markup("").join(_line(edge, places) for edge in ordered)
    told = [edge for edge in ordered if len(letters) <= MAX_LABELLED or edge.is_weakest]
    labels = Markup("").join(_label(edge, place) for edge, place in _label_places(told, places))
    nodes = Markup("").join(
        Markup(
            '<circle class="cl-node" cx="{0}" cy="{1}" r="{2}"/>'
            '<text class="cl-letter" x="{0}" y="{1}" dy="0.36em" text-anchor="middle">{3}</text>'
        ).format(x, y, _radius(len(letters)), letter)
        for letter, (x, y) in zip(letters, places, strict=True)
    )
    return Markup(
        '<svg class="cl" viewBox="0 0 {} {}" role="group" aria-labelledby="cluster-title cluster-text">'
        '<title id="cluster-title">{}</title><desc id="cluster-text">{}</desc>{}{}{}</svg>'
    ).format(WIDTH, HEIGHT if len(letters) > 2 else HEIGHT // 3, title, description, lines, labels, nodes)


def _radius(count: int) -> int:
    return _NODE_RADIUS if count <= MAX_LABELLED else 9


def _places(count: int) -> list[tuple[float, float]]:
    if count == 2:
        return [(34.0, HEIGHT / 6), (WIDTH - 34.0, HEIGHT / 6)]
    wide, high = WIDTH / 2 - 40, HEIGHT / 2 - 26
    return [
        (
            round(WIDTH / 2 + wide * math.sin(2 * math.pi * place / count), 1),
            round(HEIGHT / 2 - high * math.cos(2 * math.pi * place / count), 1),
        )
        for place in range(count)
    ]


def _line(edge: Edge, places: Sequence[tuple[float, float]]) -> Markup:
    (x1, y1), (x2, y2) = places[edge.left], places[edge.right]
    share = min(1.0, max(0.0, edge.bits / _THICK_BITS))
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}" stroke-width="{}"{}/>').format(
        _classes("cl-link", edge),
        x1,
        y1,
        x2,
        y2,
        round(_THIN + share * (_THICK - _THIN), 1),
        Markup(' stroke-dasharray="7 5"') if edge.is_weakest else "",
    )


def _label_places(
    edges: Sequence[Edge], places: Sequence[tuple[float, float]]
) -> list[tuple[Edge, tuple[float, float]]]:
    """Where each label stands on its line: the weightiest links choose first.

    A link that holds nothing goes without where there is no room; the list beside the picture has its number.
    """
    taken: list[tuple[float, float]] = []
    chosen: dict[Edge, tuple[float, float]] = {}
    for edge in reversed(edges):
        (x1, y1), (x2, y2) = places[edge.left], places[edge.right]
        spots = [(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share) for share in _SHARES]
        free = next((spot for spot in spots if _is_free(spot, taken)), None)
        if free is not None or edge.holds:
            chosen[edge] = free or spots[0]
            taken.append(chosen[edge])
    return [(edge, chosen[edge]) for edge in edges if edge in chosen]


def _is_free(spot: tuple[float, float], taken: Sequence[tuple[float, float]]) -> bool:
    return all(abs(spot[0] - x) >= _LABEL_WIDTH or abs(spot[1] - y) >= _LABEL_HEIGHT for x, y in taken)


def _label(edge: Edge, place: tuple[float, float]) -> Markup:
    """The bits on their line."""
    x, y = place
    width = 9 + 7 * len(edge.label)
    inside = Markup(
        '<rect class="{}" x="{}" y="{}" width="{}" height="19" rx="9.5"/>'
        '<text class="{}" x="{}" y="{}" dy="0.36em" text-anchor="middle">{}</text>'
    ).format(
        _classes("cl-pill", edge),
        round(x - width / 2, 1),
        round(y - 9.5, 1),
        width,
        _classes("cl-bits", edge),
        round(x, 1),
        round(y, 1),
        edge.label,
    )
    return Markup('<a href="{}">{}</a>').format(edge.url, inside) if edge.url else inside


def _classes(name: str, edge: Edge) -> str:
    told = [name]
    told += [f"{name}-weakest"] * edge.is_weakest
    told += [f"{name}-chosen"] * edge.is_chosen
    told += [f"{name}-spare"] * (not edge.holds)
    told += [f"{name}-against"] * (edge.bits < 0)
    return " ".join(told)
