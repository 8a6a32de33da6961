"""Pictures hold what they are asked to show, whatever texts they get."""

import sys
from xml.etree import ElementTree as ET

import pytest

from dedup_service.reports.charts import cluster_sizes_chart
from dedup_service.reports.model_chart import model_chart, used_comparisons
from dedup_service.reports.pictures import PicturesMissing, as_percent, blank, in_bits, require_libraries
from dedup_service.reports.waterfall import Thresholds, waterfall_svg, waterfall_text
from scoring import Contribution, Entity, PairScore, Verdict, prepare, score_pair, shipped_model

HOSTILE = '$\\frac$ <script>alert(1)</script> & "a" ' + "long " * 40


def score_of(*weights: float, evidence: str = "same telephone number") -> PairScore:
    """A score of contributions of these weights."""
    contributions = tuple(
        Contribution(f"comparison_{at}", "exact", bits, evidence) for at, bits in enumerate(weights)
    )
    total = -14.0 + sum(weights)
    return PairScore(total, 0.5, Verdict.REVIEW, -14.0, contributions)


def shapes(svg: str, kind: str = "path") -> int:
    """How many elements of a kind a picture has."""
    return len(ET.fromstring(svg).findall(f".//{{http://www.w3.org/2000/svg}}{kind}"))


def test_the_text_leads_from_the_prior_to_the_total() -> None:
    """Each step with its bits, the running total and its evidence."""
    lines = waterfall_text(score_of(10.0, -3.5, 12.25), 80).splitlines()
    assert lines[0].split()[:3] == ["prior", "-14.0", "-14.0"]
    assert lines[2].split()[:4] == ["comparison_0:", "exact", "+10.0", "-4.0"]
    assert lines[4].split()[2:4] == ["-3.5", "-7.5"]
    assert lines[6].split()[2:4] == ["+12.2", "+4.8"]
    assert lines[3].strip() == "same telephone number"
    assert lines[-1] == "REVIEW: +4.8 bits, probability 0.5000"


@pytest.mark.parametrize("width", [1, 60, 100])
def test_no_line_is_wider_than_asked(width: int) -> None:
    """Nor than 60, below which nothing can be read; long evidence goes on in the next line."""
    text = waterfall_text(score_of(10.0, 1.0, evidence=HOSTILE), width)
    assert max(map(len, text.splitlines())) <= max(width, 60)
    assert text.count("long") == 80


def test_contributions_that_change_nothing_are_one_step() -> None:
    """Their sum stays in the total."""
    text = waterfall_text(score_of(5.0, 0.01, -0.02, 0.03), 80)
    assert "3 that change little" in text
    assert "comparison_1, comparison_2, comparison_3" in text
    assert text.splitlines()[-1].startswith("REVIEW: \N{MINUS SIGN}9.0 bits")


def test_a_waterfall_has_a_bar_for_each_step() -> None:
    """One more contribution is one more bar, with its number, name and line."""
    few, more = (shapes(waterfall_svg(score_of(*[2.0] * count), "x"), "g") for count in (2, 3))
    assert more - few >= 4


def test_a_waterfall_shows_the_thresholds_that_it_is_given() -> None:
    """Another model's verdicts begin elsewhere."""
    score = score_of(10.0)
    assert waterfall_svg(score, "x", Thresholds(-2.0, 5.0)) != waterfall_svg(
        score, "x", Thresholds(-2.0, 6.0)
    )
    assert waterfall_svg(score, "x") == waterfall_svg(score, "x")


def test_any_text_is_drawn_as_it_is() -> None:
    """Formulas, tags and long words neither break the picture nor get out of it."""
    svg = waterfall_svg(score_of(1.0, evidence=HOSTILE), HOSTILE)
    assert "<script" not in svg
    assert shapes(svg) > 10


def test_a_real_score_is_drawn() -> None:
    """As the library makes it, without any contribution too."""
    one = prepare({"given_name": "Bob", "family_name": "Miller", "phone": "+442079460000"}, Entity.PERSON)
    assert "</svg>" in waterfall_svg(score_pair(one, one), "Bob")
    assert "</svg>" in waterfall_svg(score_pair(one, prepare({}, Entity.PERSON)), "nobody")


def test_a_model_is_drawn_as_far_as_the_records_use_it() -> None:
    """Comparisons without a value on any record are left out."""
    people = [prepare({"family_name": "Berg", "email": "x@acme.org"}, Entity.PERSON)]
    used = used_comparisons(shipped_model(), people, Entity.PERSON)
    assert {"family_name", "email"} <= set(used)
    assert not {"birth_date", "tax_id"} & set(used)
    few, more = (
        shapes(model_chart(shipped_model(), Entity.PERSON, names), "g") for names in (["email"], used)
    )
    assert few < more


def test_a_comparison_that_needs_more_than_one_value_is_drawn_where_all_are_there() -> None:
    """A given name is read for a suffix too, but tells of none; a record with one has it compared."""
    without = [prepare({"given_name": "Ada", "family_name": "Berg"}, Entity.PERSON)]
    having = [*without, prepare({"family_name": "Berg", "suffix": "Jr.", "title": "Mr"}, Entity.PERSON)]
    assert not {"suffix", "gender"} & set(used_comparisons(shipped_model(), without, Entity.PERSON))
    assert {"suffix", "gender"} <= set(used_comparisons(shipped_model(), having, Entity.PERSON))


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.02), (0.4, 1.0), (0.8, 1.01), (0.9, 1.003)])
def test_axes_of_shares_are_marked_at_whole_per_cent(low: float, high: float) -> None:
    """No label is rounded: what it says is where it stands."""
    figure, (axes,) = blank(3.0)
    axes.set_xlim(low, high)
    as_percent(axes, "x")
    figure.draw_without_rendering()
    marks = [place for place in axes.get_xticks() if low <= place <= high]
    assert len(marks) >= 4
    assert [100 * place for place in marks] == pytest.approx([round(100 * place) for place in marks])


@pytest.mark.parametrize(("bits", "said"), [(-0.04, "+0.0"), (0.04, "+0.0"), (-0.06, "\N{MINUS SIGN}0.1")])
def test_no_weight_is_written_as_less_than_nothing(bits: float, said: str) -> None:
    """What rounds to 0.0 has no minus."""
    assert in_bits(bits) == said


def test_missing_libraries_are_named_with_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the checkout: the name of the package may be another one's in an index."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PicturesMissing, match=r"pip install -e '\.\[report\]'"):
        require_libraries()


def test_cluster_sizes_are_drawn_with_and_without_a_truth() -> None:
    """The truth adds a bar to each of the nine sizes."""
    found = cluster_sizes_chart([1, 2, 2, 60], [])
    assert shapes(cluster_sizes_chart([1, 2, 2, 60], [1, 1, 3]), "g") - shapes(found, "g") >= 9
