"""What requirements.lock pins, and which of it the product ships: the question of all supply chain checks.

`python -m tools.lock_file` writes the parts of it that an image needs to deploy/; `--check` only compares.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"
DEPLOY = ROOT / "deploy"
# An extra that only those need who work on the service.
DEVELOPMENT = "dev"
# An image has its servers elsewhere, and draws no report.
IMAGE_EXTRAS = ("clean", "telemetry")
# Hatchling builds ours, and setuptools the one package that is published as source alone.
BUILD = {"hatchling", "setuptools"}
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
_HASH = re.compile(r"^--hash=(sha256:[0-9a-f]{64})$")
_NAME = re.compile(r"^[A-Za-z0-9._-]+")
_ROOT_PACKAGE = "dedup-service"


class LockError(ValueError):
    """The lock has a line that is neither a pin, a hash nor a comment; says which."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One pinned release: its normal name, version, hashes, where it applies, and who asks for it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]
    lines: tuple[str, ...]


def normal_name(name: str) -> str:
    """The one spelling of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(path: Path = LOCK) -> list[Pin]:
    """Every pin of a lock file, in its order; raises `LockError`."""
    blocks: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#")):
            blocks.append([])
        if line.strip() and blocks:
            blocks[-1].append(line)
    return [_pin(block) for block in blocks]


def _pin(lines: list[str]) -> Pin:
    first = _PINNED.match(lines[0])
    if first is None:
        raise LockError(f"not a pinned release: {lines[0]}")
    hashes, asked_by = [], []
    for line in lines[1:]:
        text = line.strip().removesuffix("\\").strip()
        if text.startswith("#"):
            asked_by += _NAME.findall(text.removeprefix("#").strip().removeprefix("via").strip())
        elif (found := _HASH.match(text)) is not None:
            hashes.append(found[1])
        else:
            raise LockError(f"neither a hash nor a comment: {line}")
    name, version, marker = first.groups()
    return Pin(normal_name(name), version, marker or "", tuple(hashes), tuple(asked_by), tuple(lines))


def required(extras: Iterable[str] | None = None) -> set[str]:
    """What pyproject.toml asks for by name: always, and by these extras; by all but development if None."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    optional = project["optional-dependencies"]
    wanted = [name for name in optional if name != DEVELOPMENT] if extras is None else list(extras)
    asked = project["dependencies"] + [each for name in wanted for each in optional[name]]
    return {normal_name(found[0]) for each in asked if (found := _NAME.match(each)) is not None}


def needed(pins: Iterable[Pin], names: set[str]) -> list[Pin]:
    """The pins of these names and of all that they ask for in turn, in the order of the lock."""
    pins = list(pins)
    inside = set(names)
    while more := {pin.name for pin in pins if inside & set(pin.asked_by)} - inside:
        inside |= more
    return [pin for pin in pins if pin.name in inside]


def shipped(pins: Iterable[Pin] | None = None) -> list[Pin]:
    """What an installation with every extra but development has."""
    return needed(read_lock() if pins is None else pins, required())


def image_locks() -> dict[str, str]:
    """The files of deploy/ that an image is made from, with their text."""
    pins = read_lock()
    parts = {
        "requirements.lock": (needed(pins, required(IMAGE_EXTRAS)), "what an image of the service installs"),
        "build-requirements.lock": (needed(pins, BUILD), "what builds the wheel of the service"),
    }
    head = "# Made by `make lock-image` from ../requirements.lock: {}.\n"
    return {
        name: head.format(meaning) + "".join(f"{line}\n" for pin in some for line in pin.lines)
        for name, (some, meaning) in parts.items()
    }


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    only_compare, wrong = arguments.parse_args().check, False
    for name, text in image_locks().items():
        path = DEPLOY / name
        if not only_compare:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            print(f"deploy/{name} is not what requirements.lock gives: say make lock-image")
            wrong = True
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
