"""The page of a cleanup, from figures as `clean.json` holds them."""

import copy
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dedup_service.reports.cleanup import command_of, names_of, page_of
from dedup_service.reports.cleanup_bars import (
    conflict_bars,
    filled_bars,
    meeting_cells,
    share_bars,
    size_bars,
    weight_columns,
)

SHARES = [
    {"name": "crm", "records": 60, "records_in_clusters": 30, "clusters_within": 4, "clusters_shared": 12},
    {"name": "shop", "records": 40, "records_in_clusters": 12, "clusters_within": 0, "clusters_shared": 12},
]
FIGURES: dict[str, Any] = {
    "made": {"time": "2026-11-22T10:00:00+00:00", "engine": "embedded", "versions": {"python": "3.11.7"}},
    "records": {"all": 100, "people": 90, "companies": 10, "blank_rows_left_out": 2},
    "inputs": [
        {
            "name": "/x/crm.csv",
            "source": "crm",
            "row_count": 60,
            "blank_count": 2,
            "encoding": "utf-8",
            "sha256": "ab" * 32,
        },
        {
            "name": "/x/shop.parquet",
            "source": "shop",
            "row_count": 40,
            "blank_count": 0,
            "encoding": "",
            "sha256": "cd" * 32,
        },
    ],
    "columns": {
        "record_id": "id",
        "record_type": "",
        "source": "",
        "owner": "Owner",
        "update_time": "",
        "entity": "PERSON",
        "entity_why": "of the column surname",
        "compared": {"family_name": "surname", "street": "No + Street, or else Road"},
        "ignored": {"colour": "no field goes by this name"},
    },
    "found": {
        "candidate_pairs": 1234,
        "verdicts": {"MATCH": 20, "REVIEW": 7, "NO_MATCH": 1207},
        "clusters": 16,
        "records_in_clusters": 42,
        "golden_records": 74,
        "duplicates": 26,
        "reviews": 5,
        "reviews_listed": 5,
    },
    "model": {
        "version": "people-1",
        "match_threshold": 0.96,
        "review_threshold": 0.25,
        "match_bits": 4.58,
        "review_bits": -1.58,
        "doubtful": [],
    },
    "sureness": {
        "match_pairs": 20,
        "match_expected_precision": 0.9876,
        "match_expected_wrong": 0.25,
        "review_pairs": 7,
        "review_expected_true": 3.1,
    },
    "cluster_sizes": {"2": 10, "3": 4, "7": 1, "60": 1},
    "clusters_by_weakest_link": {"match": 14, "below_match": 2},
    "weakest_clusters": [
        {"cluster": 3, "members": 2, "weakest_link_bits": 0.1, "weakest_link_probability": 0.517}
    ],
    "weights": {
        "from_bits": [-2, -1, 0, 1, 2],
        "match_pairs": [0, 0, 0, 5, 15],
        "review_pairs": [1, 2, 4, 0, 0],
    },
    "sources": {"shares": SHARES, "left_out": 0, "meetings": [[4, 12], [12, 0]]},
    "owners": {"shares": [{**SHARES[0], "name": "users/<b>ann</b>"}], "left_out": 3, "meetings": []},
    "merging": [
        {"column": "surname", "filled_before": 90, "filled_after": 70, "clusters_in_conflict": 6},
        {"column": "Road", "filled_before": 0, "filled_after": 0, "clusters_in_conflict": 0},
    ],
    "too_common": [{"rule": "people: same e-mail address", "largest_members": 4321, "keys": 3}],
    "options": {
        "files": ["/x/crm.csv", "/x/my shop.parquet"],
        "table": "",
        "entity": "",
        "columns": ["street=No+Street|Road"],
        "encoding": "",
        "models": [],
        "train": True,
        "most_members": 30,
        "most_reviews": 10000,
        "format": "csv",
        "seed": 1,
    },
    "seconds": {"READ": 0.5, "all": 3.25},
}


def figures(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(FIGURES) | changes


class Seen(HTMLParser):
    """The tags and the words of a page, and the address of everything that it could ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.asked: list[str] = []
        self.pictures: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        said = dict(attrs)
        self.asked += [
            said[name] or "" for name in ("src", "href", "action", "data", "srcset") if name in said
        ]
        if said.get("role") == "img":
            self.pictures.append(said.get("aria-label") or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def seen(found: dict[str, Any]) -> Seen:
    page = Seen()
    page.feed(page_of(found))
    page.close()
    assert page.open == [], "every tag is closed"
    page.text = re.sub(r"\s+", " ", page.text)
    return page


def test_the_page_says_everything() -> None:
    """What was found, how sure, what merging changes, what was compared and why not, what makes it again."""
    text = seen(figures()).text
    for said in (
        "Duplicates in crm.csv and shop.parquet",
        "100 records are 74 golden records: 26 duplicates in 16 clusters",
        "90 of the records are people, 10 companies",
        "98.76% right",
        "clusters that need a link below MATCH 2",
        "users/<b>ann</b>",
        "3 other owners not shown",
        "No + Street, or else Road",
        "colour no field goes by this name",
        "people: same e-mail address 3 4,321",
        "2 blank rows left out",
        "people-1",
        "dedup clean /x/crm.csv '/x/my shop.parquet' --column 'street=No+Street|Road'",
    ):
        assert said in text


def test_it_asks_nothing_from_outside_and_runs_nothing() -> None:
    """Only places within the page are named, and its own policy forbids the rest."""
    page = seen(figures())
    assert page.asked
    assert all(address.startswith("#") for address in page.asked)
    assert not {"script", "img", "link", "iframe", "object", "form"} & set(page.tags)
    html = page_of(figures())
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "<b>ann" not in html


def test_every_picture_has_its_figures_as_a_table() -> None:
    """Between each and the next heading of a picture; and says in words what it shows."""
    html = page_of(figures())
    parts = re.split(r"<h[23]", html)
    pictured = [part for part in parts if 'role="img"' in part]
    assert len(pictured) >= 6
    named = [
        part for part in pictured if "Records before and after" not in part and "Share of records" not in part
    ]
    assert all("<table" in part for part in named)
    assert all(seen(figures()).pictures)
    for one in FIGURES["merging"]:
        assert re.search(rf"<td>{one['column']}</td><td class=\"n\">{one['filled_before']}</td>", html)


def test_doubtful_training_is_said_plainly() -> None:
    """Of people, of companies, or of neither."""
    assert "was doubtful" not in seen(figures()).text
    model = FIGURES["model"] | {"doubtful": ["COMPANY", "PERSON"]}
    text = seen(figures(model=model)).text
    assert "Training on these companies was doubtful." in text
    assert "Training on these people was doubtful." in text


def test_nothing_found_makes_a_page_too() -> None:
    """Without clusters, pairs, sources or owners."""
    nothing = figures(
        sources=None,
        owners=None,
        cluster_sizes={},
        weights={"from_bits": [0], "match_pairs": [0], "review_pairs": [0]},
        weakest_clusters=[],
        too_common=[],
        merging=[],
        found=FIGURES["found"] | {"clusters": 0, "verdicts": {"MATCH": 0, "REVIEW": 0, "NO_MATCH": 0}},
        sureness=FIGURES["sureness"] | {"match_pairs": 0, "match_expected_precision": None},
    )
    text = seen(nothing).text
    assert "No two records are one." in text
    assert "No pair is likely enough to be drawn." in text
    assert "The records of no cluster disagree." in text


def test_bars_are_to_scale() -> None:
    """The longest is the whole width; a share is a share of it."""
    assert [(one.name, one.figure) for one in size_bars(FIGURES)][-2:] == [
        ("21 to 50 records", "0"),
        ("over 50 records", "1"),
    ]
    assert [one.parts[0].percent for one in size_bars(FIGURES)][:2] == [100, 40]
    heights = [sum(part.percent for part in one.parts) for one in weight_columns(FIGURES)]
    assert heights == pytest.approx([100 / 15, 200 / 15, 400 / 15, 500 / 15, 100])
    one, other = share_bars(SHARES)
    assert (one.figure, [part.percent for part in one.parts]) == ("30 of 60, 50%", [50, 50])
    assert [part.percent for part in other.parts] == pytest.approx([20, 280 / 6])
    assert [bar.figure for bar in filled_bars(FIGURES)] == ["90.0% to 94.6%"]
    assert [bar.name for bar in conflict_bars(FIGURES)] == ["surname"]
    cells = meeting_cells([[4, 12], [12, 0]])
    assert [[cell.depth for cell in row] for row in cells] == [[0.333, 1.0], [1.0, 0.0]]
    assert [[cell.is_itself for cell in row] for row in cells] == [[True, False], [False, True]]


def test_the_command_makes_it_again() -> None:
    """With every option that was not left out, quoted for a shell."""
    options = FIGURES["options"] | {"train": False, "models": ["my model.json"], "entity": "person"}
    command = command_of(options, "sc://spark.example:15002")
    assert "--no-train" in command
    assert "--model 'my model.json'" in command
    assert "--entity person" in command
    assert "--engine sc://spark.example:15002" in command
    assert "--table" not in command
    assert names_of({"inputs": [{"name": "crm.public.leads"}]}) == "crm.public.leads"


@pytest.mark.proof
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium to look at the page with")
@pytest.mark.parametrize("width", [400, 1200])
def test_a_browser_shows_it_without_a_scroll_bar_below(tmp_path: Path, width: int) -> None:
    """On a telephone and on a desk: nothing is wider than the window, and the console is silent."""
    probe = "<script>document.title=document.documentElement.scrollWidth+'/'+window.innerWidth</script>"
    html = page_of(figures()).replace(
        "default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';"
    )
    frame = f"<iframe id='f' style='width:{width}px;height:4000px;border:0' srcdoc=\"{{}}\"></iframe>"
    inner = (html.replace("</body>", f"{probe}</body>")).replace("&", "&amp;").replace('"', "&quot;")
    script = (
        "<script>addEventListener('load',()=>{document.body.dataset.widths="
        "document.getElementById('f').contentDocument.title})</script>"
    )
    (tmp_path / "page.html").write_text(f"<!doctype html><body>{frame.format(inner)}{script}", "utf-8")
    done = subprocess.run(
        [
            "chromium",
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--dump-dom",
            f"file://{tmp_path}/page.html",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found = re.search(r'data-widths="(\d+)/(\d+)"', done.stdout)
    assert found, done.stderr[-500:]
    assert int(found[1]) <= int(found[2]) == width
