"""Pictures of every page of the console into docs/images/: wide and narrow, light and dark.

Starts a service on the sample with a data directory that is gone at the end, decides a few proposals so that
there is something to undo, and looks at each page in an installed Chromium. The sample has one seed, so the
same people and companies are in the pictures each time. Some values are hidden from partners. The sign-in of
a company is that of a second service, with a provider. `make screenshots` runs it; with names of pages as
arguments it makes those alone.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from dedup_service.client import DedupClient
from dedup_service.company_files import policy_text
from dedup_service.console.views import addresses
from dedup_service.embedded import discard_data
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    ExecuteMergeProposalRequest,
    ListMergeProposalsRequest,
)
from dedup_service.v1.merge_service_pb2 import Merge, UndoMergeRequest
from tests.console.browsers import find_chromium
from tests.console.provider_console import STRANGER
from tests.e2e.company import running_company
from tests.oidc_provider import PASSWORD

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
SIZES = {"wide": (1440, 900), "narrow": (360, 740)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
COLOURS = 256
COLOURS_AT_A_TIME = 1000
PAGE_SIZE = 200
MAX_TOTAL_BYTES = 4_000_000
STOP_SECONDS = 30
# Decides in finance, sales and marketing, so that their pages have something on them.
SALES, MARKETING = "users/ann", "users/malik"
PARTNERS = "users/petra"
SEEN_BY = (
    "{functions: [sales, support, marketing, finance, operations], "
    "services: [services/importer, services/matcher, services/follower]}"
)
HIDDEN_FROM_PARTNERS = ("email", "phone", "street", "tax_id")


@dataclass(frozen=True, slots=True)
class Shot:
    """A page: the name of its pictures, its address, who looks, and what they do first."""

    name: str
    address: str
    who: str = SALES
    first: Callable[[Page], None] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service and its console answer."""

    address: str
    console: str


@contextmanager
def sample_service() -> Iterator[Service]:
    """A service on the sample, with its console, and a data directory of their own."""
    home = Path(tempfile.mkdtemp(prefix="dedup-pictures-"))
    # PostgreSQL's account must reach it when root runs this.
    home.chmod(0o711)
    policy = home / "policy.yaml"
    policy.write_text(policy_with_hidden_fields())
    environ = {name: text for name, text in os.environ.items() if not name.startswith("DEDUP_")}
    environ |= {
        "DEDUP_POLICY": str(policy),
        "DEDUP_DATA_DIR": str(home / "data"),
        "DEDUP_LISTEN": "127.0.0.1:0",
        "DEDUP_CONSOLE_LISTEN": "127.0.0.1:0",
    }
    with (home / "service.log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("dedup"), "serve", "--sample", "--json"],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environ,
            cwd=home,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the service did not start:\n{(home / 'service.log').read_text()[-2000:]}")
        ready = json.loads(line)
        yield Service(ready["address"], ready["console"])
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)
        discard_data(home / "data")
        shutil.rmtree(home, ignore_errors=True)


def policy_with_hidden_fields() -> str:
    """The shipped policy, with fields that partners may not read."""
    before, heading, after = policy_text(None).partition("\nvisibility:\n")
    fields = "".join(f"    {name}: {SEEN_BY}\n" for name in HIDDEN_FROM_PARTNERS)
    return before + heading + after.replace("  fields: {}\n", f"  fields:\n{fields}", 1)


def proposals(client: DedupClient, filter_text: str, most_members: int = 5) -> list[MergeProposal]:
    """Proposals of a filter that fit on a page, the largest first.

    Their resource names, drawn anew each time, have no part in the order.
    """
    asked = ListMergeProposalsRequest(filter=f"open = true AND {filter_text}", page_size=PAGE_SIZE)
    found: list[MergeProposal] = []
    while True:
        page = client.merge_proposals.ListMergeProposals(asked)
        found += [one for one in page.merge_proposals if len(one.plan.members) <= most_members]
        if not page.next_page_token:
            return sorted(found, key=lambda one: (-len(one.plan.members), sorted(_names(one))))
        asked.page_token = page.next_page_token


def _is_of_the_master(proposal: MergeProposal) -> bool:
    """Whether finance decides last on it, and it can be seen at once."""
    said = any("customer master" in each.reason for each in proposal.impact_reasons)
    return said and len(proposal.plan.members) <= 3


def _names(proposal: MergeProposal) -> list[str]:
    return [member.display_name for member in proposal.plan.members]


def _request_id() -> str:
    return str(uuid4())


def carry_out(client: DedupClient, who: str, filter_text: str, count: int) -> list[Merge]:
    """Approve and carry out so many proposals that no rule stops, as somebody."""
    desk = client.acting_as(who).merge_proposals
    merges = []
    free = [one for one in proposals(client, filter_text) if not one.vetoes]
    for proposal in free[:count]:
        approved = desk.ApproveMergeProposal(
            ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag, comment="the same address")
        )
        merges.append(
            desk.ExecuteMergeProposal(ExecuteMergeProposalRequest(name=approved.name, etag=approved.etag))
        )
    return merges


def shots(client: DedupClient) -> list[Shot]:
    """Every page, after some work was done at the desk."""
    merges = carry_out(client, SALES, 'impact = MEDIUM AND kind = CONTACT AND missing_functions : "sales"', 6)
    undone, merge = merges[0], merges[1]
    client.acting_as(SALES).merges.UndoMerge(
        UndoMergeRequest(name=undone.name, etag=undone.etag, reason="two people", request_id=_request_id())
    )
    high = [one for one in proposals(client, "impact = HIGH AND kind = ACCOUNT") if _is_of_the_master(one)]
    cluster = proposals(client, "impact = MEDIUM AND kind = ACCOUNT")[0]
    contacts = proposals(client, "impact = MEDIUM AND kind = CONTACT", most_members=4)[0]
    left, right = (member.records[0].record for member in contacts.plan.members[:2])
    other = high[0].plan.members[0].records[0].record
    return [
        Shot("sign-in", "/sign-in", who=""),
        Shot("inbox", "/inbox"),
        Shot("inbox-marketing", "/inbox", MARKETING),
        Shot("proposal-account", addresses.of(high[0].name)),
        Shot("proposal-cluster", addresses.of(cluster.name)),
        Shot("proposal-contact", addresses.of(contacts.name)),
        Shot("proposal-hidden", addresses.of(high[0].name), PARTNERS, to_what_is_hidden),
        Shot("golden-record-hidden", addresses.of(merge.survivor), PARTNERS, to_what_is_hidden),
        Shot("bulk", "/bulk", MARKETING),
        Shot("merges", "/merges"),
        Shot("merge", addresses.of(merge.name)),
        Shot("undo", f"{addresses.of(merge.name)}/undo"),
        Shot("golden-record", addresses.of(merge.survivor)),
        Shot("record", addresses.of(left)),
        Shot("why", addresses.with_query("/why", {"left": left, "right": right})),
        Shot("why-not", addresses.with_query("/why", {"left": left, "right": other})),
        Shot("search", addresses.with_query("/search", {"q": _names(contacts)[0]})),
        Shot("search-empty", addresses.with_query("/search", {"q": "nobody of this name"})),
        Shot("intake", "/intake"),
        Shot("overview", "/overview"),
        Shot("jobs", "/jobs"),
        Shot("keyboard", "/inbox", first=lambda page: page.keyboard.press("?")),
        Shot("problem", "/proposals/nothing"),
    ]


def sign_in_as_a_stranger(page: Page) -> None:
    """At the provider, as somebody whom the service does not know."""
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_label("Name").fill(STRANGER.name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state("load")


def to_what_is_hidden(page: Page) -> None:
    """Where values are hidden, if that is further down."""
    page.locator(".hidden-value").first.scroll_into_view_if_needed()


PROVIDER_SHOTS = (
    Shot("sign-in-provider", "/sign-in?to=/inbox", who=""),
    Shot("sign-in-unknown", "/sign-in", who="", first=sign_in_as_a_stranger),
)


def take(browser: Browser, service: Service, shot: Shot) -> int:
    """The four pictures of a page; their bytes."""
    total_bytes = 0
    for scheme in SCHEMES:
        for size, (width, height) in SIZES.items():
            context = browser.new_context(
                base_url=service.console,
                viewport={"width": width, "height": height},
                color_scheme=scheme,
                reduced_motion="reduce",
                locale="en-GB",
                timezone_id="Europe/Berlin",
                # The provider's certificate is of an authority that was made for it.
                ignore_https_errors=True,
            )
            page = context.new_page()
            if shot.who:
                page.goto("/sign-in")
                page.click(f"button[value='{shot.who}']")
            page.goto(shot.address, wait_until="load")
            if shot.first is not None:
                shot.first(page)
            path = IMAGES / f"{shot.name}-{size}-{scheme}.png"
            path.write_bytes(_reduced(page.screenshot(animations="disabled", caret="hide")))
            total_bytes += path.stat().st_size
            context.close()
    return total_bytes


def _reduced(png: bytes) -> bytes:
    """The picture with a palette: a third of the bytes, and nobody sees it on a page of flat colours.

    The palette has the most frequent colours just as they are, so that no background gets a tint.
    """
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    colours, places, counts = np.unique(
        pixels.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True
    )
    palette = colours[np.argsort(-counts, kind="stable")[:COLOURS]]
    nearest = np.empty(len(colours), np.uint8)
    for begin in range(0, len(colours), COLOURS_AT_A_TIME):
        some = colours[begin : begin + COLOURS_AT_A_TIME, None].astype(np.int32)
        nearest[begin : begin + COLOURS_AT_A_TIME] = ((some - palette) ** 2).sum(axis=2).argmin(axis=1)
    reduced = Image.fromarray(nearest[places].reshape(pixels.shape[:2]), "P")
    reduced.putpalette(palette.tobytes())
    out = io.BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


def take_all(service: Service, every: Sequence[Shot], wanted: set[str]) -> None:
    """The pictures of those pages that are wanted, or of all where none is named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for shot in every:
            if not wanted or shot.name in wanted:
                print(f"{shot.name}: {take(browser, service, shot) // 1024} KB")
        browser.close()


def main() -> int:
    wanted = set(sys.argv[1:])
    IMAGES.mkdir(parents=True, exist_ok=True)
    names = {shot.name for shot in PROVIDER_SHOTS}
    if not wanted or wanted & names:
        with tempfile.TemporaryDirectory() as files, running_company(Path(files)) as company:
            take_all(Service(company.service.address, company.console_url), PROVIDER_SHOTS, wanted)
    if not wanted or wanted - names:
        with (
            sample_service() as service,
            DedupClient(service.address, principal="services/matcher") as client,
        ):
            every = shots(client)
            take_all(service, every, wanted)
            names |= {shot.name for shot in every}
    if not wanted:
        for path in IMAGES.glob("*.png"):
            if path.stem.rsplit("-", 2)[0] not in names:
                path.unlink()
    total_bytes = sum(path.stat().st_size for path in IMAGES.glob("*.png"))
    print(f"{total_bytes // 1024} KB in {IMAGES.relative_to(ROOT)}")
    return int(total_bytes > MAX_TOTAL_BYTES)


if __name__ == "__main__":
    sys.exit(main())
