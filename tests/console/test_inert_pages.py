"""Stored text is inert on every page: what can run in a page is the page's own (F-6)."""

import re
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser

import pytest

from dedup_service.client import DedupClient
from dedup_service.console.views import addresses
from dedup_service.v1.core_pb2 import Child, ChildKind, Fact, Owner
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.merge_proposal_service_pb2 import RejectMergeProposalRequest
from dedup_service.v1.merge_service_pb2 import UndoMergeRequest
from dedup_service.v1.record_service_pb2 import Record
from tests.console.scenes import PLAIN_PAGES, SCRIPT, contact_record, create_job, merged, propose
from tests.console.served_console import Console, WebClient

ANN = "users/ann"
# Ends a value in either sort of quotes.
BREAKOUT = """"'><img src=x onerror="window.ran = true">"""
# The same for an id of a record, which holds no space and no slash.
BREAKOUT_OF_ID = "\"'><script>"
# Each begins a part that would run or load, were it markup.
STARTS = ("<img src=x", "<script>")
LOADING = {"img", "iframe", "object", "embed"}
LEADING = ("src", "href", "action", "formaction")
# An address of the console itself.
HERE = re.compile("/(?!/)|[#?]")


class Foreign(HTMLParser):
    """The parts of a page that could run or load something, and are not the console's own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        foreign = [name for name in LEADING if not HERE.match(values.get(name, "/"))]
        handled = any(name.startswith("on") for name in values)
        alone = tag == "script" and not values.get("src", "").startswith("/static/")
        if tag in LOADING or foreign or handled or alone:
            self.found.append(f"{tag} {attrs}")


def hostile_record(name: str) -> Record:
    """A contact of which all that its source may say is markup."""
    record = contact_record(
        f"{name}{BREAKOUT_OF_ID}",
        given_name=BREAKOUT,
        family_name=SCRIPT,
        job_title=BREAKOUT,
        city=BREAKOUT,
        website="javascript:window.ran = true",
    )
    record.owner.CopyFrom(Owner(function="sales", queue=BREAKOUT))
    record.facts.append(Fact(name="legal_entity", text=BREAKOUT))
    record.children.append(Child(kind=ChildKind.CHILD_KIND_CASE, child_id=BREAKOUT, open=True))
    return record


def pages_about_markup(client: DedupClient) -> list[str]:
    """Every kind of page about such records: proposed, kept apart, rejected, merged, and apart again."""
    ann = client.acting_as(ANN)
    pairs = [[hostile_record(f"{what}{place}") for place in range(2)] for what in "abcd"]
    open_, rejected, standing, undone = (propose(client, *pair, comment=BREAKOUT) for pair in pairs)
    (left, right), *_ = ([record.name for record in pair] for pair in pairs)
    ann.distinctions.CreateDistinction(
        CreateDistinctionRequest(distinction=Distinction(left=[left], right=[right], reason=BREAKOUT))
    )
    ann.merge_proposals.RejectMergeProposal(
        RejectMergeProposalRequest(name=rejected.name, etag=rejected.etag, comment=BREAKOUT)
    )
    stands, over = merged(client, standing), merged(client, undone)
    ann.merges.UndoMerge(UndoMergeRequest(name=over.name, etag=over.etag, reason=BREAKOUT))
    about = [open_.name, rejected.name, undone.name, stands.name, over.name, create_job(client).name]
    golden = addresses.of(stands.survivor)
    return [
        *map(addresses.of, about),
        *(addresses.of(left), golden, f"{addresses.of(stands.name)}/undo"),
        *("/inbox?whose=all", "/bulk?whose=all", "/merges", "/jobs"),
        addresses.with_query(golden, {"at": datetime.now(UTC).isoformat()}),
        addresses.with_query(f"{addresses.of(open_.name)}/choices", {"field": "job_title", "record": left}),
        addresses.with_query("/why", {"left": left, "right": right}),
        addresses.with_query("/search", {"q": "ada@lovelace.example"}),
        f"{addresses.with_query('/propose', {'golden_record': left})}&golden_record={stands.survivor}",
    ]


def test_stored_text_is_inert_on_every_page(console: Console) -> None:
    """Values, ids, comments and reasons that are markup can be read on a page, and make no part of it."""
    for address in pages_about_markup(console.importer):
        answer = console.web.get(address, ANN)
        assert answer.status == 200, address
        assert Foreign(answer.text).found == [], address
        assert any(start in unescape(answer.text) for start in STARTS), address


@pytest.mark.parametrize("text", [BREAKOUT, SCRIPT])
def test_what_an_address_says_is_inert(web: WebClient, text: str) -> None:
    """A link that somebody was sent puts text into a page, and nothing else."""
    asked = (
        "kind",
        "source",
        "owner",
        "order",
        "after",
        "whose",
        "q",
        "left",
        "right",
        "state",
        "email",
        "to",
    )
    for path in (*PLAIN_PAGES, "/propose", "/sign-in"):
        answer = web.get(addresses.with_query(path, dict.fromkeys(asked, text)), ANN)
        assert Foreign(answer.text).found == [], path
    assert "<" in unescape(web.get(addresses.with_query("/search", {"q": text}), ANN).text)
