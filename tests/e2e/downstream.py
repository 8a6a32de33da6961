"""A downstream system: follows the changes with the published client alone, into a database of its own.

Run as ``python downstream.py ADDRESS DIRECTORY``; it ends only by being killed. Its database is a log that it
appends to, and its resume token a file that it replaces: killed between the two it hears some changes again.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import grpc
from google.protobuf.json_format import MessageToDict

from dedup_service.client import DedupClient, ServiceError
from dedup_service.v1.change_service_pb2 import (
    CHANGE_TYPE_MERGED,
    CHANGE_TYPE_UNDONE,
    AcknowledgeChangeRequest,
    Change,
    ListChangesRequest,
)

Answer = TypeVar("Answer")

PRINCIPAL = "services/importer"
SOURCE = "sources/crm"
PAGE = 3
ATTEMPTS = 100
PAUSE_SECONDS = 0.2


@dataclass(slots=True)
class Copy:
    """What a downstream system knows: the golden records, and the changes that it has heard, in order."""

    goldens: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def take(self, entry: dict[str, Any]) -> None:
        """Apply a change, unless it was applied before."""
        self.heard.append(entry["name"])
        if entry["name"] in self.changes:
            return
        self.changes[entry["name"]] = entry
        self.goldens |= {image["name"]: image for image in entry.get("after", [])}


def read_copy(directory: Path) -> Copy:
    """The downstream system's database as its log tells; a last line that a kill cut off does not count."""
    copy = Copy()
    log = directory / "changes.jsonl"
    lines = log.read_text().split("\n") if log.exists() else [""]
    for line in lines[:-1]:
        copy.take(json.loads(line))
    return copy


def patiently(call: Callable[[], Answer]) -> Answer:
    """Call again and again while the service is away."""
    for _ in range(ATTEMPTS):
        try:
            return call()
        except ServiceError as error:
            if error.code is not grpc.StatusCode.UNAVAILABLE:
                raise
        time.sleep(PAUSE_SECONDS)
    return call()


class Downstream:
    """The running system."""

    def __init__(self, client: DedupClient, directory: Path) -> None:
        self._client = client
        self._log = directory / "changes.jsonl"
        self._token = directory / "resume_token"
        whole = self._log.read_bytes().rpartition(b"\n") if self._log.exists() else (b"", b"", b"")
        self._log.write_bytes(whole[0] + whole[1])

    def run(self) -> None:
        """Go on where the token file says; without one, catch up from the start first."""
        if not self._token.exists():
            changes, token = self._everything()
            self._apply(changes)
            self._keep(token)
        for message in self._client.follow_changes(self._token.read_text()):
            self._apply(message.changes)
            self._keep(message.resume_token.token)

    def _everything(self) -> tuple[list[Change], str]:
        changes, page_token = list[Change](), ""
        while True:
            request = ListChangesRequest(page_size=PAGE, page_token=page_token)
            answer = patiently(partial(self._client.changes.ListChanges, request))
            changes += answer.changes
            page_token = answer.next_page_token
            if not page_token:
                return changes, answer.revision.token

    def _apply(self, changes: Iterable[Change]) -> None:
        with self._log.open("a") as log:
            for change in changes:
                log.write(json.dumps(MessageToDict(change)) + "\n")
                log.flush()
                if change.type in (CHANGE_TYPE_MERGED, CHANGE_TYPE_UNDONE):
                    done = AcknowledgeChangeRequest(name=change.name, source=SOURCE)
                    patiently(partial(self._client.changes.AcknowledgeChange, done))

    def _keep(self, token: str) -> None:
        fresh = self._token.with_suffix(".new")
        fresh.write_text(token)
        fresh.replace(self._token)


if __name__ == "__main__":
    with DedupClient(sys.argv[1], principal=PRINCIPAL) as connection:
        Downstream(connection, Path(sys.argv[2])).run()
