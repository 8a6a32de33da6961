"""Bandit looks for what ruff does not know, and for nothing twice."""

import json
import subprocess
import tomllib

from bandit.core.extension_loader import MANAGER  # type: ignore[import-untyped]  # published without types

from tests.supply_chain.places import RUFF
from tools.lock_file import PROJECT


def test_bandit_and_ruff_share_the_work() -> None:
    """Each check of bandit is one of ruff's S rules, or stands in pyproject.toml.

    Ruff has those that look at imports alone (B4) as previews: they say that a module can be misused, and
    other rules look at each use.
    """
    answer = subprocess.run(
        [RUFF, "rule", "--all", "--output-format", "json"], capture_output=True, check=True
    )
    of_ruff = {
        each["code"].replace("S", "B", 1)
        for each in json.loads(answer.stdout)
        if each["linter"] == "flake8-bandit"
    }
    known = {*MANAGER.plugins_by_id, *MANAGER.blacklist_by_id}
    asked = tomllib.loads(PROJECT.read_text())["tool"]["bandit"]["tests"]
    assert {each for each in known - of_ruff if not each.startswith("B4")} == set(asked)
