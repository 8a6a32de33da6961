"""No page of the console holds what its visitor may not read: not in texts, titles, data or files."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode, urlsplit

import pytest

from dedup_service.console.texts import marks
from dedup_service.console.texts.differences import Change, Reading, alike, marked
from dedup_service.console.views import addresses
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.golden_record_service_pb2 import LookupGoldenRecordRequest
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    CreateMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from tests.console.routes import addresses_of
from tests.console.served_console import Console, WebClient
from tests.rpc.sight_calls import holds
from tests.rpc.sight_world import HR_ID, RULES, SECRETS, drafts

BLIND = "users/ann"
# Each of these sees a part of the secrets.
SIGHTED = ("users/fiona", "users/olga", "users/carla")
MOST_PAGES = 150
_HREF = re.compile(r'(?:href|action|hx-get|src)="([^"]+)"')


@dataclass(frozen=True)
class Stored:
    """What the pages are about."""

    console: Console
    merge: str
    proposals: tuple[str, str]
    goldens: tuple[str, ...]


def _proposed(console: Console, *records: str) -> MergeProposal:
    wanted = MergeProposal(golden_records=records)
    return console.acting_as("services/matcher").merge_proposals.CreateMergeProposal(
        CreateMergeProposalRequest(merge_proposal=wanted)
    )


@pytest.fixture
def stored(console: Console) -> Stored:
    """The secrets in the desk behind the console, a merge with a hidden record, and two proposals."""
    rules = console.desk.running.desk.rules
    rules.policy = replace(rules.policy, visibility=RULES)
    records = [draft_message(draft) for draft in drafts().values()]
    assert not [done for done in console.importer.ingest(records) if done.answer.rejected]
    hidden = f"sources/hr/records/{HR_ID}"
    merging = _proposed(console, "sources/crm/records/3", hidden)
    for voter in ("users/olga", "users/sara"):
        merging = console.acting_as(voter).merge_proposals.ApproveMergeProposal(
            ApproveMergeProposalRequest(name=merging.name, etag=merging.etag)
        )
        if merging.state == 2:
            break
    merge = console.acting_as("users/olga").merge_proposals.ExecuteMergeProposal(
        ExecuteMergeProposalRequest(name=merging.name, etag=merging.etag)
    )
    open_ones = (
        _proposed(console, "sources/crm/records/1", "sources/crm/records/2"),
        _proposed(console, "sources/desk/records/c1", f"{hidden}b"),
    )
    goldens = [
        console.importer.golden_records.LookupGoldenRecord(LookupGoldenRecordRequest(record=record.name))
        for record in records
    ]
    names = tuple(dict.fromkeys(each.golden_records[0].name for each in goldens))
    return Stored(console, merge.name, (open_ones[0].name, open_ones[1].name), names)


def beginnings(stored: Stored) -> Iterator[str]:
    """A page of each kind, and those that a visitor who knows names could type in."""
    yield from (path for path in addresses_of("GET") if "/x" not in path)
    for name in (*stored.goldens, stored.merge, *stored.proposals):
        yield addresses.of(name)
    yield f"{addresses.of(stored.merge)}/undo"
    for proposal in stored.proposals:
        yield f"{addresses.of(proposal)}/choices"
        yield f"{addresses.of(proposal)}/next"
    for name in ("crm/1", "crm/2", "crm/3", f"hr/{HR_ID}", "desk/zqlead9", "desk/c1"):
        yield f"/records/{quote(name)}"
    for words in ("Bob Quux", "bob@quux.com", "Quux Ltd", "DE136695976"):
        yield f"/search?{urlencode({'q': words})}"
    for right in ("crm/records/2", f"hr/records/{HR_ID}"):
        pair = {"left": "sources/crm/records/1", "right": f"sources/{right}"}
        yield f"/why?{urlencode(pair)}"
    yield f"/propose?{urlencode({'golden': list(stored.goldens[:2])}, doseq=True)}"


def pages(web: WebClient, stored: Stored, visitor: str) -> dict[str, str]:
    """Every page that can be reached from the beginnings, as a visitor gets it: headers and body."""
    found: dict[str, str] = {}
    left = list(dict.fromkeys(beginnings(stored)))
    while left and len(found) < MOST_PAGES:
        path = left.pop(0)
        answer = web.get(path, visitor)
        found[path] = f"{answer.headers}\n{answer.text}"
        links = [html.unescape(link) for link in _HREF.findall(answer.text)] + [answer.location]
        for link in links:
            parts = urlsplit(link)
            is_ours = parts.path.startswith("/") and not parts.path.startswith(("/static", "/sign"))
            target = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if is_ours and target not in found and target not in left:
                left.append(target)
    return found


def test_no_page_holds_a_secret(stored: Stored) -> None:
    """Every page, list, part and file, as the blind steward and as those who may see."""
    web = stored.console.web
    seen = pages(web, stored, BLIND)
    leaks = [
        f"{path} shows the {what}"
        for path, text in seen.items()
        for what, secret in SECRETS.items()
        if not holds(path.encode(), secret) and holds(text.encode(), secret)
    ]
    assert not leaks, "\n".join(leaks)
    kinds = {path.split("/")[1].split("?")[0] for path in seen}
    assert kinds >= {"golden-records", "merges", "proposals", "records", "overview", "search", "why"}
    assert any(path.endswith(".csv") for path in seen)
    assert marks.hidden("")[:8] not in "".join(seen.values())
    told = {
        what
        for visitor in SIGHTED
        for text in pages(web, stored, visitor).values()
        for what, secret in SECRETS.items()
        if holds(text.encode(), secret)
    }
    assert told == set(SECRETS)


def test_a_compare_table_says_whether_hidden_values_are_the_same(stored: Stored) -> None:
    """Of two members the blind one sees that salaries differ and that identity numbers do not."""
    web = stored.console.web
    page = web.get(addresses.of(stored.proposals[0]), BLIND).text
    assert '<span class="hidden-value differs">hidden, differs</span>' in page
    assert '<span class="hidden-value">hidden, same</span>' in page
    assert "99111" in web.get(addresses.of(stored.proposals[0]), "users/fiona").text


def test_hidden_values_are_said_in_the_language_of_the_visitor(stored: Stored) -> None:
    """In Russian too."""
    web = stored.console.web
    page = web.get(addresses.of(stored.proposals[0]), BLIND, {"Accept-Language": "ru"}).text
    assert "скрыто, отличается" in page
    assert "скрыто, совпадает" in page


def test_hidden_members_are_counted(stored: Stored) -> None:
    """The page of a golden record says that there is one more."""
    golden = stored.goldens[2]
    page = stored.console.web.get(addresses.of(golden), BLIND).text
    assert "1 more member is a record that you may not read." in page


def test_a_hidden_value_is_compared_as_a_whole() -> None:
    """Neither the letters of its tag nor what it may be alike to are shown."""
    one, other = marks.hidden("a1b2c3d4e5f60718"), marks.hidden("a1b2c3d4e5f70718")
    assert alike(one, other, Reading.PHONE) is Change.DIFFERENT
    assert alike(one, one, Reading.PHONE) is Change.SAME
    assert "differs" in marked(one, other)
    assert "differs" not in marked(one, one)
    assert marked(one, "87654") == marks.shown(one)
    assert marked("87654", one) == marks.shown("87654")
    assert marks.with_hidden_said(str(marks.shown(one)), str) == '<span class="hidden-value">hidden</span>'
