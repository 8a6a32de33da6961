"""The unit for systemd is understood by it, and gives the service no more than it needs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dedup_service.settings import SETTINGS
from tools.lock_file import ROOT

UNIT = ROOT / "deploy" / "systemd" / "dedup.service"
# What systemd counts against a unit, in tenths of 0 to 10; ours is at 1.2.
MOST_EXPOSED = 20
HARDENING = {
    "DynamicUser": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "RestrictSUIDSGID": "yes",
    "RestrictNamespaces": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
}


def directives() -> list[tuple[str, str]]:
    """Every line NAME=VALUE of the unit."""
    return [(m[1], m[2]) for m in re.finditer(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE)]


def test_the_unit_is_hardened() -> None:
    """Each directive is there, with the value that protects."""
    found = dict(directives())
    assert {name: found.get(name) for name in HARDENING} == HARDENING


def test_running_calls_have_their_grace() -> None:
    """systemd kills later than the service stops by itself."""
    (grace,) = [float(each.default) for each in SETTINGS if each.name == "DEDUP_GRACE_SECONDS"]
    assert float(dict(directives())["TimeoutStopSec"]) > 2 * grace


def test_every_setting_is_one() -> None:
    """A misspelt variable would stop the start."""
    named = set(re.findall(r"\bDEDUP_[A-Z_]+(?==)", UNIT.read_text()))
    assert named
    assert named <= {each.name for each in SETTINGS}


def test_secrets_are_credentials() -> None:
    """No value of a secret stands in the unit, which everybody on the machine can read."""
    text = UNIT.read_text()
    assert "LoadCredential=tls.key:" in text
    assert not re.search(r"^Environment=.*(PASSWORD|SECRET|DATABASE_URL|REDIS_URL)", text, re.MULTILINE)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    """It has no word against it, and little that an intruder could use."""
    unit = tmp_path / UNIT.name
    # The program is not installed on the machine that runs the tests.
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    verified = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-2000:]
