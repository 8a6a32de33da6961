"""The principals as they are now: the company's file, read again whenever it changes, and roles of tokens.

A file that cannot be used leaves the last one in force, and the log says what is wrong in it.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from dedup_service.domain.principals import Directory, Principal, PrincipalType
from dedup_service.identity.claims import ClaimedRoles

LOG = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
_PEOPLE = "users/"

Stamp = tuple[int, int, int] | None


class KnownPrincipals:
    """Implements `domain.principals.Principals`. `functions` are those that the policy in force has.

    With `claimed` the functions of people are those of their tokens, for those whom the file names: a token
    does not say whether a person or a program signed in, and a program must never decide (C-3). Everybody
    else who has a token looks up, and holds no function.
    """

    def __init__(self, directory: Directory, claimed: ClaimedRoles | None = None) -> None:
        self.directory = directory
        self.functions: Callable[[], Collection[str]] = frozenset
        self._claimed = claimed

    def find(self, name: str) -> Principal | None:
        """The principal of that name as they are now, or None."""
        found = self.directory.find(name)
        if self._claimed is None or not name.startswith(_PEOPLE):
            return found
        roles = self._claimed.of(name)
        if found is None:
            return None if roles is None else Principal(name, PrincipalType.HUMAN, frozenset())
        return replace(found, functions=self.directory.functions_of(roles or (), self.functions()))

    def people_of(self, function: str) -> tuple[str, ...]:
        """The names of the people who hold a function, in order."""
        if self._claimed is None:
            return self.directory.people_of(function)
        found = ((name, self.find(name)) for name in self._claimed.people())
        return tuple(name for name, person in found if person is not None and function in person.functions)


class WatchedFile:
    """Reads a directory again when its file is another one or was written; `load` raises ValueError for what
    cannot be used.
    """

    def __init__(self, path: Path, load: Callable[[], Directory], known: KnownPrincipals) -> None:
        self._path = path
        self._load = load
        self._known = known
        self._stamp = _stamp(path)

    async def look(self) -> None:
        """Read the file if it has changed since it was last read."""
        stamp = await asyncio.to_thread(_stamp, self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            # In a thread: a long file takes its time.
            self._known.directory = await asyncio.to_thread(self._load)
        except (ValueError, OSError) as error:
            LOG.error("the principals stay as they were: %s", error)  # noqa: TRY400  says what to correct, by line
        else:
            LOG.info("the principals are read again from %s", self._path)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()


def _stamp(path: Path) -> Stamp:
    """What tells one state of a file from another; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
