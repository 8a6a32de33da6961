"""Which system account runs PostgreSQL, and what that account can reach.

PostgreSQL refuses to run as root.
Started by root, its files go to another account, and no directory on the way is opened up for it:
what the account cannot reach is kept below `SHARED_DIRECTORY` instead.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dedup_service.embedded.binaries import EmbeddedServerError

SERVER_ACCOUNT = "embedded_postgres"
SHARED_DIRECTORY = Path("/var/lib/dedup-service")


@dataclass(frozen=True, slots=True)
class Account:
    """A system account by number; `switch` says that it is another one than ours."""

    uid: int
    gid: int
    switch: bool

    @property
    def user(self) -> int | None:
        """What `subprocess` takes as user: nothing when the account is ours."""
        return self.uid if self.switch else None

    @property
    def group(self) -> int | None:
        return self.gid if self.switch else None

    @property
    def extra_groups(self) -> tuple[int, ...] | None:
        return () if self.switch else None

    def can_reach(self, path: Path) -> bool:
        """Whether every directory down to `path`, it too if it is one, lets this account through."""
        if not self.switch:
            return True
        resolved = path.resolve()
        return all(self._may_enter(place) for place in (resolved, *resolved.parents) if place.is_dir())

    def own(self, path: Path) -> None:
        """Give a file or directory to this account."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def _may_enter(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def server_account() -> Account:
    """Ours, or for root the account of the embedded server, made when it is missing."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    entry = _lookup(SERVER_ACCOUNT) or _make_account() or _lookup("postgres")
    if entry is None:
        raise EmbeddedServerError(
            f"PostgreSQL does not run as root and the account {SERVER_ACCOUNT} cannot be made: "
            "start the service as another user, or set DEDUP_DATABASE_URL"
        )
    return Account(entry.pw_uid, entry.pw_gid, switch=True)


def reachable_home(home: Path, account: Account) -> Path:
    """Make the server's directory, and give the place where it really is.

    When the account cannot reach it (below /root, say), `home` is a link to a directory that it can.
    """
    if not home.is_symlink() and not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        if account.can_reach(home.parent):
            home.mkdir(mode=0o700)
        else:
            home.symlink_to(tempfile.mkdtemp(prefix="postgres-", dir=_shared_directory()))
    real = home.resolve()
    if not real.is_dir():
        raise EmbeddedServerError(f"{home} leads to {real}, which is gone: remove the link to begin anew")
    account.own(real)
    if not account.can_reach(real):
        raise EmbeddedServerError(
            f"PostgreSQL's account cannot reach {real}: take a DEDUP_DATA_DIR that all may enter"
        )
    return real


def reachable_programs(directory: Path, account: Account) -> Path:
    """The PostgreSQL programs, copied once to where the account can run them if it cannot here."""
    if account.can_reach(directory):
        return directory
    package = directory.parent.parent
    stamp = int((directory / "postgres").stat().st_mtime)
    copy = _shared_directory() / f"programs-{stamp}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="copying-", dir=_shared_directory()))
        # The wheel's programs look for their libraries beside their package.
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, fresh / part.name, symlinks=True)
        fresh.chmod(0o755)
        fresh.rename(copy)
    return copy / directory.relative_to(package.parent)


def _shared_directory() -> Path:
    SHARED_DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    return SHARED_DIRECTORY


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_account() -> pwd.struct_passwd | None:
    program = shutil.which("useradd")
    if program is None:
        return None
    command = [program, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    arguments = [*command, SERVER_ACCOUNT]
    subprocess.run(arguments, capture_output=True, timeout=30, check=False)  # noqa: S603  program and arguments are ours
    return _lookup(SERVER_ACCOUNT)
