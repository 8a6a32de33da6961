"""The graph of members: which links hold, which is the weakest, and what is drawn of many."""

from xml.etree import ElementTree as ET

import pytest

from dedup_service.console.charts.cluster import HEIGHT, MAX_WHOLE, WIDTH, Edge, cluster, holding


def edge(left: int, right: int, bits: float = 5.0, *, holds: bool = True, is_weakest: bool = False) -> Edge:
    """A link with its weight as label."""
    return Edge(left, right, bits, f"+{bits}", holds, is_weakest)


def drawn(count: int, *edges: Edge) -> ET.Element:
    """The picture of so many members."""
    letters = [chr(ord("A") + place) for place in range(count)]
    return ET.fromstring(cluster(letters, edges, "Links <b>", "The weakest is A to B."))


def lines_of(picture: ET.Element) -> list[ET.Element]:
    """The links in it."""
    return list(picture.iter("line"))


def test_the_strongest_links_hold_the_members_together() -> None:
    """Of a triangle the two strongest; the third holds nothing."""
    assert holding([(0, 1, 5.7), (0, 2, 6.6), (1, 2, 12.5)], 3) == {1, 2}


def test_members_in_two_groups_are_held_by_what_there_is() -> None:
    """Links that are not there hold nothing, and that is no error."""
    assert holding([(0, 1, 3.0), (2, 3, 4.0)], 4) == {0, 1}


def test_the_weakest_link_is_told_by_more_than_its_colour() -> None:
    """It is dashed, and the others are not."""
    picture = drawn(3, edge(0, 1, is_weakest=True), edge(1, 2, 12.0))
    dashes = {line.get("class"): line.get("stroke-dasharray") for line in lines_of(picture)}
    assert dashes == {"cl-link cl-link-weakest": "7 5", "cl-link": None}


def test_stronger_links_are_thicker() -> None:
    """Their width grows with their bits, and ends where it would cover the picture."""
    picture = drawn(3, edge(0, 1, 2.0), edge(1, 2, 12.0), edge(0, 2, 500.0))
    widths = [float(line.get("stroke-width") or 0) for line in lines_of(picture)]
    assert widths == sorted(widths)
    assert widths[-1] <= 6.0


@pytest.mark.parametrize("count", [2, 3, 8, 26, 50])
def test_every_member_stands_within_the_picture(count: int) -> None:
    """None is cut off, and no two stand in one place."""
    picture = drawn(count)
    places = {(float(node.get("cx") or 0), float(node.get("cy") or 0)) for node in picture.iter("circle")}
    assert len(places) == count
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)


def test_of_many_members_only_the_links_that_hold_are_drawn() -> None:
    """The others would cover them."""
    spare = edge(0, 2, holds=False)
    assert len(lines_of(drawn(MAX_WHOLE, edge(0, 1), spare))) == 2
    assert len(lines_of(drawn(MAX_WHOLE + 1, edge(0, 1), spare))) == 1


def test_a_picture_says_what_it_shows() -> None:
    """It has a title and a description, and both are text whatever they hold."""
    picture = drawn(2, edge(0, 1))
    assert picture.findtext("title") == "Links <b>"
    assert picture.findtext("desc") == "The weakest is A to B."
    assert picture.get("aria-labelledby") == "cluster-title cluster-text"


def test_the_same_members_give_the_same_picture() -> None:
    """Nothing in it is by chance: whoever comes back finds it as it was."""
    edges = [edge(0, 1), edge(1, 2, 3.0), edge(0, 2, 1.0)]
    letters = ["A", "B", "C"]
    assert cluster(letters, edges, "t", "d") == cluster(letters, edges[::-1], "t", "d")


def test_no_label_lies_on_another() -> None:
    """In the middle of the circle, where lines cross, labels stand beside each other."""
    pairs = [(left, right) for left in range(5) for right in range(left + 1, 5)]
    picture = drawn(5, *(edge(left, right, float(left + right)) for left, right in pairs))
    labels = [each for each in picture.iter("text") if (each.get("class") or "").startswith("cl-bits")]
    spots = [(float(each.get("x") or 0), float(each.get("y") or 0)) for each in labels]
    assert len(spots) == len(pairs)
    assert all(
        abs(one[0] - other[0]) > 40 or abs(one[1] - other[1]) > 19
        for number, one in enumerate(spots)
        for other in spots[:number]
    )
