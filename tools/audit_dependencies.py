"""Whether a pinned release has a published advisory, or was withdrawn from its index.

    python -m tools.audit_dependencies --recorded tools/advisories.json

Live sources are asked first, through pip-audit: OSV, then the package index. Where neither answers, a
recorded database is used only if it is named, and the answer says how old it is. A source counts as having
answered when it reports every canary, a release with a known advisory, and leaves none of the pins out; if
none did, the audit fails. What was found today for the same lock is not asked again.

    python -m tools.audit_dependencies --record CHECKOUT --recorded tools/advisories.json

records anew what the database of the Python Packaging Authority (a checkout of pypa/advisory-database) says
of the pinned packages.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.advisories import Finding, load, record
from tools.lock_file import LOCK, ROOT, Pin, read_lock
from tools.withdrawn import withdrawn

CANARIES = {"jinja2": "2.4.1", "pyyaml": "5.3", "urllib3": "1.24.1"}
LIVE = ("osv", "pypi")
CACHE = ROOT / ".pytest_cache" / "audit"
# An advisory that does not concern the service, each with the reason; none is known.
NOT_CONCERNED: dict[str, str] = {}


class NoAnswer(RuntimeError):
    """A source of advisories did not answer, or not about everything."""


def ask_live(service: str, pins: dict[str, set[str]]) -> list[Finding]:
    """What a live source knows of these releases; raises `NoAnswer`."""
    # The canaries first: a source that does not know them need not be asked about all others.
    found = without_canaries(_run_pip_audit(service, [f"{n}=={v}" for n, v in CANARIES.items()]), service)
    # One release of a name a run: pip-audit takes no two.
    for turn in range(max(len(versions) for versions in pins.values())):
        some = [f"{name}=={sorted(v)[turn]}" for name, v in pins.items() if turn < len(v)]
        found += _run_pip_audit(service, some)
    return found


def _run_pip_audit(service: str, releases: list[str]) -> list[Finding]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(releases))
        file.flush()
        options = ["-r", file.name, "--no-deps", "--disable-pip", "-f", "json", "--progress-spinner", "off"]
        answer = subprocess.run(
            [sys.executable, "-m", "pip_audit", "-s", service, *options],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        said: list[dict[str, Any]] = json.loads(answer.stdout)["dependencies"]
    except ValueError:
        raise NoAnswer(
            f"{service}: {(answer.stderr.strip().splitlines() or ['no answer'])[-1][:160]}"
        ) from None
    left_out = [each["name"] for each in said if "skip_reason" in each]
    if left_out or len(said) != len(releases):
        raise NoAnswer(f"{service}: no answer about {len(left_out)} of {len(releases)} releases")
    return [
        Finding(each["name"], each["version"], vulnerability["id"], ", ".join(vulnerability["fix_versions"]))
        for each in said
        for vulnerability in each["vulns"]
    ]


def with_canaries(pins: list[Pin]) -> dict[str, set[str]]:
    """The versions to ask about, by name."""
    asked: dict[str, set[str]] = {name: {version} for name, version in CANARIES.items()}
    for pin in pins:
        asked.setdefault(pin.name, set()).add(pin.version)
    return asked


def without_canaries(found: list[Finding], source: str) -> list[Finding]:
    """What was found of the pins; raises `NoAnswer` if the source did not know of every canary."""
    sung = {each.name for each in found if CANARIES.get(each.name) == each.version}
    if missing := sorted(set(CANARIES) - sung):
        raise NoAnswer(f"{source}: says nothing of {', '.join(missing)}, which has known advisories")
    return [each for each in found if CANARIES.get(each.name) != each.version]


def audit(pins: list[Pin], recorded: Path | None) -> tuple[list[Finding], list[str]]:
    """What is known of the pins, and what to say of the sources; raises `NoAnswer` if none answered."""
    asked = with_canaries(pins)
    said: list[str] = []
    for service in LIVE:
        try:
            return without_canaries(ask_live(service, asked), service), [*said, f"asked {service}"]
        except NoAnswer as error:
            said.append(str(error))
    if recorded is None:
        raise NoAnswer("; ".join([*said, "no recorded advisories were named"]))
    database = load(recorded)
    found = without_canaries(database.about(asked), recorded.name)
    said.append(
        f"used {recorded.name}: {database.origin}, {database.age_days} days old, no newer advisory in it"
    )
    return found, said


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recorded", type=Path)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    pins = read_lock()
    if options.record:
        record(options.record, set(with_canaries(pins)), options.recorded)
        return 0
    kept = _kept(options.recorded)
    if kept.is_file():
        print(kept.read_text(encoding="utf-8"), end="")
        return 0
    try:
        found, said = audit(pins, options.recorded)
    except NoAnswer as error:
        print(f"dependency audit: nothing was audited: {error}")
        return 1
    gone, about_index = withdrawn(pins)
    bad = [each for each in found if each.advisory not in NOT_CONCERNED]
    lines = [f"dependency audit: {line}" for line in (*said, about_index)]
    lines += [str(each) for each in bad] + gone
    lines.append(f"dependency audit: {len(pins)} pins, {len(bad)} with an advisory, {len(gone)} withdrawn")
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if bad or gone:
        return 1
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(text, encoding="utf-8")
    return 0


def _kept(recorded: Path | None) -> Path:
    """Where today's answer for this lock, these advisories and these rules is kept."""
    parts = [LOCK, *Path(__file__).parent.glob("*.py"), *([recorded] if recorded else [])]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(parts)))
    return CACHE / f"{datetime.now(UTC):%Y-%m-%d}-{digest.hexdigest()[:16]}"


if __name__ == "__main__":
    sys.exit(main())
