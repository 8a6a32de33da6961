"""An installed Chromium, found or, where this may be done, installed from Debian.

`python -m tests.console.browsers` makes sure of one; `make test` runs it first.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLAYWRIGHTS_OWN = Path.home() / ".cache" / "ms-playwright"
INSTALL_SECONDS = 600


class NoBrowserError(Exception):
    """There is no Chromium to test the console in; the text says how to get one."""


def find_chromium() -> Path:
    """The program that `CHROMIUM` names, else one on the path, else one that Playwright has installed.

    Raises:
        NoBrowserError: there is none, or `CHROMIUM` names no program.
    """
    named = os.environ.get("CHROMIUM", "")
    if named:
        program = shutil.which(named)
        if program is None:
            raise NoBrowserError(f"CHROMIUM is {named}, which is no program that can be run")
        return Path(program)
    on_path = next(filter(None, map(shutil.which, NAMES)), None)
    if on_path is not None:
        return Path(on_path)
    own = sorted(PLAYWRIGHTS_OWN.glob("chromium*/chrome-linux*/*chrom*"), reverse=True)
    for program_path in own:
        if program_path.is_file() and os.access(program_path, os.X_OK):
            return program_path
    raise NoBrowserError(
        "the console is tested in Chromium, and there is none: install it with `apt-get install chromium` "
        "or the like, or set CHROMIUM to the path of a Chromium or Chrome"
    )


def install_chromium() -> None:
    """Install Debian's; says why when it cannot.

    Raises:
        NoBrowserError: it is not Debian, not root's shell, or the packages cannot be had.
    """
    if os.environ.get("CHROMIUM"):
        find_chromium()
    apt = shutil.which("apt-get")
    if apt is None:
        raise NoBrowserError(
            "the console is tested in Chromium, there is none, and there is no apt-get to install it with: "
            "install Chromium or Chrome, or set CHROMIUM to the path of one"
        )
    if os.geteuid() != 0:
        raise NoBrowserError(
            "the console is tested in Chromium, and there is none: run `sudo apt-get install chromium`, "
            "or set CHROMIUM to the path of a Chromium or Chrome"
        )
    print("installing Debian's chromium (once)", file=sys.stderr)  # noqa: T201  it takes a minute
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [apt, *arguments], env=quiet, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-3:]
            raise NoBrowserError(
                f"the console is tested in Chromium, there is none, and `apt-get {' '.join(arguments)}` "
                f"failed: {' '.join(said)}"
            )


def main() -> int:
    """Find or install one. The exit code is 0 all the same: the tests that need it say what is missing."""
    try:
        find_chromium()
    except NoBrowserError:
        try:
            install_chromium()
        except NoBrowserError as error:
            print(error, file=sys.stderr)  # noqa: T201  a command says what is missing
    return 0


if __name__ == "__main__":
    sys.exit(main())
