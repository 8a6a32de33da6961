"""How quick and how light the console's pages are while 100,000 proposals are open.

The service and its console run as shipped, in processes of their own; pages are read over a kept connection,
as a browser does. The weight of a page without cache is what a first visit carries over the wire: the page,
its styles and its scripts, compressed.
"""

import argparse
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.deciding import READERS, fill
from benchmarks.report import Figure, report
from dedup_service.client import DedupClient
from dedup_service.embedded import start_postgres
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest

TARGET_MS = 100.0
TARGET_KB = 100.0
RUNS = 30
KB = 1000
_ASSET = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(slots=True)
class Reader:
    """A browser without a cache that is signed in; `get` gives a page, as the wire carries it."""

    connection: http.client.HTTPConnection
    cookie: str = ""

    def sign_in(self, principal: str) -> None:
        origin = f"http://{self.connection.host}:{self.connection.port}"
        headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        self.connection.request("POST", "/sign-in", urlencode({"principal": principal}), headers)
        answer = self.connection.getresponse()
        answer.read()
        cookies = answer.headers.get_all("set-cookie") or []
        self.cookie = next(each.split(";")[0] for each in cookies if each.startswith("dedup_session"))

    def get(self, path: str) -> bytes:
        self.connection.request("GET", path, headers={"cookie": self.cookie, "accept-encoding": "gzip"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path} was answered {answer.status}")
        return body


@contextmanager
def served_with_console(data_dir: Path) -> Iterator[tuple[str, str]]:
    """`dedup serve` on an empty store: the addresses of the service and of its console."""
    environment = {
        **os.environ,
        "DEDUP_DATA_DIR": str(data_dir),
        "DEDUP_LISTEN": "127.0.0.1:0",
        "DEDUP_CONSOLE_LISTEN": "127.0.0.1:0",
    }
    command = [str(Path(sys.executable).with_name("dedup")), "serve", "--json"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None, "it was asked for"
        ready = json.loads(process.stdout.readline())
        yield ready["address"], urlsplit(ready["console"]).netloc
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def page_figures(reader: Reader, name: str, path: str, *, has_target: bool) -> list[Figure]:
    """The time and the weight of one page."""
    body = reader.get(path)
    taken = []
    for _ in range(RUNS):
        started = time.perf_counter()
        reader.get(path)
        taken.append((time.perf_counter() - started) * 1000)
    plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
    assets = sorted(set(_ASSET.findall(plain.decode())))
    carried = len(body) + sum(len(reader.get(each)) for each in assets)
    target_ms, target_kb = (TARGET_MS, TARGET_KB) if has_target else (None, None)
    return [
        Figure(f"{name}, median of {RUNS}", statistics.median(taken), "ms", target_ms, at_least=False),
        Figure(f"{name}, longest", max(taken), "ms"),
        Figure(f"{name}, page", len(plain) / KB, "kB", target_kb, at_least=False),
        Figure(f"{name}, carried without cache", carried / KB, "kB", target_kb, at_least=False),
    ]


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proposals", type=int, default=100_000)
    options = parser.parse_args()
    data_dir = Path(tempfile.mkdtemp(prefix="dedup-bench-"))
    data_dir.chmod(0o711)
    try:
        with served_with_console(data_dir) as (address, console):
            postgres = start_postgres(data_dir)
            with DedupClient(address, principal="services/importer", deadline_seconds=120) as client:
                fill(client, postgres.url, options.proposals)
                request = ListMergeProposalsRequest(page_size=1, waiting_for=READERS["common"])
                (proposal,) = client.merge_proposals.ListMergeProposals(request).merge_proposals
            postgres.use.close()
            figures = _figures(console, proposal.name.partition("/")[2])
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    return report("console", figures)


def _figures(console: str, proposal_id: str) -> list[Figure]:
    figures = []
    for word, principal in READERS.items():
        reader = Reader(http.client.HTTPConnection(console, timeout=60))
        reader.sign_in(principal)
        figures += page_figures(reader, f"inbox, {word} function", "/inbox", has_target=True)
    reader = Reader(http.client.HTTPConnection(console, timeout=60))
    reader.sign_in(READERS["common"])
    pages = {
        "inbox, of one source": ("/inbox?source=crm", True),
        "proposal": (f"/proposals/{proposal_id}", True),
        "search": ("/search?q=Person+17", False),
        "bulk": ("/bulk?kind=CONTACT", False),
        "overview": ("/overview", False),
    }
    for name, (path, has_target) in pages.items():
        figures += page_figures(reader, name, path, has_target=has_target)
    return figures


if __name__ == "__main__":
    sys.exit(main())
