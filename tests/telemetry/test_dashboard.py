"""The dashboard asks for metrics that there are, by labels that they have, and shows all of them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dedup_service.telemetry.catalogue import METRICS, Kind, Metric
from tests.telemetry.test_endpoint import scrape_of_something

FILE = Path(__file__).parents[2] / "docs" / "grafana" / "dedup-service.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
VARIABLES = {each["name"] for each in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
EXPRESSIONS = [
    pytest.param(target["expr"], id=f"{panel['title']}-{target['refId']}")
    for panel in PANELS
    for target in panel.get("targets", ())
]
LABELS_SERVED = {"instance", "le"}
_SERIES = re.compile(r"\b(?:dedup|process)_\w+")
_SELECTED = re.compile(r"\b((?:dedup|process)_\w+)\{([^}]*)\}")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")


def metric_of(series: str) -> Metric | None:
    """The metric that a series belongs to."""
    for each in METRICS:
        ends = ("_bucket", "_sum", "_count") if each.kind is Kind.HISTOGRAM else ("",)
        if series in {each.prometheus_name + end for end in ends}:
            return each
    return None


async def test_every_expression_names_what_is_exported() -> None:
    """Each series in an expression, and in the choice of workers, is one that a real endpoint serves."""
    served = set((await scrape_of_something()).series)
    asked = {series for each in EXPRESSIONS for series in _SERIES.findall(str(each.values[0]))}
    choices = json.dumps(DASHBOARD["templating"])
    assert asked
    assert (asked | set(_SERIES.findall(choices))) - served == set()


def test_every_metric_is_shown() -> None:
    """No metric of the catalogue is missing from the dashboard."""
    asked = {metric_of(series) for each in EXPRESSIONS for series in _SERIES.findall(str(each.values[0]))}
    assert [each.name for each in METRICS if each not in asked] == []


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_labels_are_those_of_the_metric(expression: str) -> None:
    """An expression selects and groups by labels that its metrics have, and by the worker."""
    selected = _SELECTED.findall(expression)
    assert [series for series, _ in selected] == _SERIES.findall(expression), "each series selects workers"
    known = set(LABELS_SERVED)
    for series, selectors in selected:
        metric = metric_of(series)
        known |= set(metric.labels) if metric else set()
        assert 'instance=~"$instance"' in selectors
        used = {selector.split("=")[0].rstrip("!") for selector in re.split(r",(?=\w+[!=])", selectors)}
        assert used <= known
    grouped = {label.strip() for group in _GROUPED.findall(expression) for label in group.split(",")}
    assert grouped <= known


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_variables_are_known(expression: str) -> None:
    """An expression uses variables that the dashboard defines, and no number of seconds of its own."""
    assert set(re.findall(r"\$\{?(\w+)", expression)) <= VARIABLES
    assert re.findall(r"\[(.+?)\]", expression) in ([], *[["$__rate_interval"] * n for n in range(1, 4)])


def test_panels_can_be_laid_out() -> None:
    """Every panel has a number of its own, a place within the 24 columns that no other takes, and a text."""
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    taken: set[tuple[int, int]] = set()
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (column, line)
            for column in range(place["x"], place["x"] + place["w"])
            for line in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"]


def test_it_is_tied_to_no_server() -> None:
    """Data come from the source that the reader chooses, not from one with a fixed id."""
    sources = {
        each["datasource"]["uid"]
        for panel in PANELS
        for each in (panel, *panel.get("targets", ()))
        if "datasource" in each
    }
    assert sources == {"${datasource}"}
    assert "id" not in DASHBOARD
