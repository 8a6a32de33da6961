"""The recipe of the image: what is installed is what was locked, and it does not run as root."""

import re
import subprocess
from pathlib import Path

from dedup_service.settings import SETTINGS
from tests.supply_chain.places import HADOLINT
from tools.lock_file import ROOT

RECIPE = ROOT / "deploy" / "Containerfile"
TEXT = RECIPE.read_text()


def hadolint(path: Path) -> int:
    return subprocess.run([HADOLINT, "--failure-threshold", "info", path], check=False).returncode


def test_hadolint_has_no_word_against_it(tmp_path: Path) -> None:
    """And it would have one against a base image without a version."""
    assert hadolint(RECIPE) == 0
    (tmp_path / "Containerfile").write_text("FROM debian\nRUN apt-get install curl\n")
    assert hadolint(tmp_path / "Containerfile") != 0


def test_nothing_is_installed_without_its_hash() -> None:
    """Every step of pip names a lock, or takes what was made here and asks no index."""
    steps = re.findall(r"pip\b[^&]*?\b(?:install|wheel) .*?(?=&&|\n(?:COPY|RUN|FROM))", TEXT, re.DOTALL)
    assert len(steps) == 4
    for each in steps:
        assert "--require-hashes" in each or "--no-deps" in each, each
        assert "--only-binary :all:" in each or "--no-index" in each or " . " in each, each


def test_the_last_stage_is_not_root_and_needs_no_shell() -> None:
    """A numeric user, and a program that is started as it is."""
    last = TEXT[TEXT.rindex("\nFROM ") :]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["/', last, re.MULTILINE)
    assert "RUN" not in last


def test_every_setting_is_one() -> None:
    """A misspelt variable would stop the start."""
    named = set(re.findall(r"\bDEDUP_[A-Z_]+(?==)", TEXT))
    assert named
    assert named <= {each.name for each in SETTINGS}


def test_all_that_is_copied_is_there() -> None:
    """Each source of a COPY is in the repository and in what the build may see."""
    seen = (ROOT / ".dockerignore").read_text().splitlines()
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE):
        for source in line.split():
            assert (ROOT / source).exists(), source
            assert any(f"!{source}" == each or source.endswith(".lock") for each in seen), source
