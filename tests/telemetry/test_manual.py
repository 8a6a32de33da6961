"""What docs/operating.md says of metrics is what the code says."""

import re
import subprocess
import sys
from pathlib import Path

from dedup_service.telemetry.catalogue import METRICS
from dedup_service.telemetry.recorder import CODES, REASONS

ROOT = Path(__file__).parents[2]
SECTION = (
    (ROOT / "docs" / "operating.md").read_text("utf-8").split("## Metrics and traces\n")[1].split("\n## ")[0]
)


def test_the_table_is_the_codes() -> None:
    """The manual holds the very table that the catalogue prints."""
    table = SECTION.split("<!-- metrics -->\n")[1].split("<!-- /metrics -->")[0]
    command = [sys.executable, "-m", "dedup_service.telemetry.catalogue"]
    assert table == subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_alarms_name_metrics_and_values_that_there_are() -> None:
    """An expression in the manual finds something: its metric, its codes and its reasons exist."""
    alarms = SECTION.split("What deserves an alarm:")[1]
    names = set(re.findall(r"\bdedup_[a-z_]+", alarms))
    assert names
    assert names - {each.prometheus_name for each in METRICS} == set()
    values = {value for text in re.findall(r'=~?"([^"]+)"', alarms) for value in re.split(r"\\?\|", text)}
    assert values
    assert values - {*CODES, *REASONS} == set()
