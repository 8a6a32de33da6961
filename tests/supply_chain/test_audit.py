"""The dependency audit reports what it must, and fails rather than pass on nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tools.advisories import affects, load
from tools.audit_dependencies import CANARIES, LIVE, NoAnswer, audit, with_canaries, without_canaries
from tools.lock_file import ROOT, Pin, read_lock

RECORDED = ROOT / "tools" / "advisories.json"


def pin(name: str, version: str) -> Pin:
    return Pin(name, version, "", (), (), ())


@pytest.fixture
def no_live_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody listens at: whatever this machine reaches, no live source answers."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")


@pytest.mark.usefixtures("no_live_source")
def test_an_audit_that_nobody_answers_fails() -> None:
    """Each live source is named, and that nothing recorded was."""
    with pytest.raises(NoAnswer) as refused:
        audit(read_lock(), None)
    assert all(service in str(refused.value) for service in LIVE)
    assert "no recorded advisories were named" in str(refused.value)


@pytest.mark.usefixtures("no_live_source")
def test_a_vulnerable_pin_is_found_in_what_is_recorded() -> None:
    """Beside the pins of the lock, of which none has an advisory there."""
    found, said = audit([*read_lock(), pin("requests", "2.19.0")], RECORDED)
    assert {each.name for each in found} == {"requests"}
    assert "days old" in said[-1]


@pytest.mark.usefixtures("no_live_source")
def test_what_is_recorded_of_nothing_does_not_count(tmp_path: Path) -> None:
    """A database that does not know the canaries has not answered."""
    empty = tmp_path / "advisories.json"
    empty.write_text(json.dumps({"origin": "none", "time": datetime.now(UTC).isoformat(), "packages": {}}))
    with pytest.raises(NoAnswer, match="jinja2, pyyaml, urllib3"):
        audit(read_lock(), empty)


def test_the_canaries_are_asked_about_beside_the_pins() -> None:
    """A canary's own package is audited at its pinned version all the same."""
    asked = with_canaries([pin("jinja2", "3.1.6")])
    assert asked["jinja2"] == {"3.1.6", CANARIES["jinja2"]}
    found = load(RECORDED).about(asked)
    assert without_canaries(found, "recorded") == []


def test_the_recorded_database_says_where_it_is_from() -> None:
    """Its origin names the commit, and its age can be told."""
    database = load(RECORDED)
    assert "pypa/advisory-database" in database.origin
    assert database.age_days > 0
    assert len(database.packages) > 20


@pytest.mark.parametrize(
    ("events", "version", "is_affected"),
    [
        ([{"introduced": "0"}, {"fixed": "2.0"}], "1.9", True),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "2.0", False),
        ([{"introduced": "1.0"}, {"last_affected": "1.5"}], "1.5", True),
        ([{"introduced": "1.0"}, {"last_affected": "1.5"}], "1.5.1", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.1"}], "1.5", False),
        ([{"introduced": "0"}, {"fixed": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.1"}], "2.0.5", True),
        ([{"introduced": "0"}], "99", True),
        ([{"introduced": "0"}, {"fixed": "2.0"}], "2.0rc1", True),
    ],
)
def test_ranges_are_read_as_the_format_says(
    events: list[dict[str, str]], version: str, *, is_affected: bool
) -> None:
    """OSV: from `introduced` on, until `fixed` or past `last_affected`."""
    advisory: dict[str, Any] = {"versions": [], "ranges": [events]}
    assert affects(advisory, version) is is_affected
