"""A recorded database of advisories: which releases of the pinned packages have known vulnerabilities."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True, slots=True)
class Finding:
    """One advisory that a release is affected by; `fixed_in` is empty where no release mends it."""

    name: str
    version: str
    advisory: str
    fixed_in: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}: {self.advisory}, fixed in {self.fixed_in or 'no release'}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Advisories as they were at a time, by the name of the package."""

    origin: str
    time: datetime
    packages: Mapping[str, list[dict[str, Any]]]

    @property
    def age_days(self) -> int:
        return (datetime.now(UTC) - self.time).days

    def about(self, asked: Mapping[str, set[str]]) -> list[Finding]:
        """What is known of these versions of these packages."""
        return [
            Finding(name, version, advisory["id"], ", ".join(_fixes(advisory)))
            for name, versions in asked.items()
            for version in sorted(versions)
            for advisory in self.packages.get(name, ())
            if affects(advisory, version)
        ]


def affects(advisory: Mapping[str, Any], version: str) -> bool:
    """Whether a version is one of those that an advisory lists, or lies in one of its ranges (OSV)."""
    return version in advisory["versions"] or any(_inside(events, version) for events in advisory["ranges"])


def _inside(events: list[dict[str, str]], text: str) -> bool:
    version, inside = Version(text), False
    for kind, bound in sorted(_bounds(events), key=lambda each: each[1]):
        if kind == "introduced":
            inside = inside or version >= bound
        elif (kind == "fixed" and version >= bound) or (kind == "last_affected" and version > bound):
            inside = False
    return inside


def _bounds(events: list[dict[str, str]]) -> Iterator[tuple[str, Version]]:
    for event in events:
        for kind, bound in event.items():
            try:
                yield kind, Version(bound)
            except InvalidVersion:
                # Very old releases have names that no installer orders any more; `versions` lists them.
                continue


def _fixes(advisory: Mapping[str, Any]) -> list[str]:
    return sorted({event["fixed"] for events in advisory["ranges"] for event in events if "fixed" in event})


def load(path: Path) -> Recorded:
    """A recorded database; raises `OSError`, or `KeyError` if it is none."""
    found = json.loads(path.read_bytes())
    return Recorded(found["origin"], datetime.fromisoformat(found["time"]), found["packages"])


def record(checkout: Path, names: set[str], out: Path) -> None:
    """Write what a checkout of the database of the Python Packaging Authority says of these packages."""
    said = subprocess.run(
        ["git", "-C", str(checkout), "log", "-1", "--format=%cI %H"],
        capture_output=True,
        text=True,
        check=True,
    )
    time, commit = said.stdout.split()
    packages: dict[str, list[dict[str, Any]]] = {}
    for name in sorted(names):
        files = sorted((checkout / "vulns" / name).glob("*.yaml"))
        if known := [each for path in files if (each := _shortened(path, name)) is not None]:
            packages[name] = known
    origin = f"pypa/advisory-database {commit[:12]} of {time[:10]} (CC-BY-4.0)"
    content = {"origin": origin, "time": time, "packages": packages}
    out.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _shortened(path: Path, name: str) -> dict[str, Any] | None:
    """What tells the affected releases; None for an advisory that was withdrawn."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "withdrawn" in said:
        return None
    of_it = [each for each in said["affected"] if each["package"]["name"].lower() == name]
    ranges = [
        each["events"] for part in of_it for each in part.get("ranges", ()) if each["type"] == "ECOSYSTEM"
    ]
    listed = [] if ranges else sorted({version for part in of_it for version in part.get("versions", ())})
    return {"id": said["id"], "ranges": ranges, "versions": listed}
