"""Generates the Python modules of the API from the .proto files, or checks that they are up to date.

python tools/generate_proto.py          writes dedup_service/v1/*_pb2*.py and .pyi
python tools/generate_proto.py --check  writes nothing, and fails when a committed file differs
"""

import argparse
import sys
import sysconfig
import tempfile
from pathlib import Path

from grpc_tools import protoc

REPOSITORY = Path(__file__).resolve().parent.parent
PROTO_ROOT = REPOSITORY / "proto"
PACKAGE = Path("dedup_service", "v1")
GENERATED = ("*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*_pb2_grpc.pyi")
# googleapis-common-protos ships this file under another name than the one that its module registers.
OPERATIONS = "google/longrunning/operations.proto"
SHIPPED_OPERATIONS = "google/longrunning/operations_proto.proto"


def proto_files() -> list[str]:
    """The API's .proto files, relative to the proto root, in order of name."""
    return sorted(path.relative_to(PROTO_ROOT).as_posix() for path in PROTO_ROOT.rglob("*.proto"))


def run_protoc(files: list[str], *options: str) -> None:
    """Runs protoc over .proto files; the google/ ones that they import come with googleapis-common-protos."""
    libraries = sysconfig.get_path("purelib")
    well_known = Path(protoc.__file__).parent / "_proto"
    operations = f"{OPERATIONS}={Path(libraries, SHIPPED_OPERATIONS)}"
    includes = [f"-I{PROTO_ROOT}", f"-I{operations}", f"-I{libraries}", f"-I{well_known}"]
    status = protoc.main(["protoc", *includes, *options, *files])
    if status != 0:
        raise SystemExit(status)


def generate(target: Path) -> None:
    """Writes the generated modules below `target`, in the folders of their packages."""
    target.mkdir(parents=True, exist_ok=True)
    messages = proto_files()
    services = [name for name in messages if name.endswith("_service.proto")]
    run_protoc(messages, _plugin("mypy"), f"--python_out={target}", f"--mypy_out=quiet:{target}")
    run_protoc(
        services, _plugin("mypy_grpc"), f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}"
    )
    for path in _generated(target):
        path.chmod(0o644)


def _plugin(name: str) -> str:
    program = Path(sysconfig.get_path("scripts"), f"protoc-gen-{name}")
    return f"--plugin={program.name}={program}"


def _generated(root: Path) -> list[Path]:
    return sorted(path for pattern in GENERATED for path in (root / PACKAGE).glob(pattern))


def _remove_stale(fresh: Path) -> None:
    for path in _generated(REPOSITORY):
        if not (fresh / path.relative_to(REPOSITORY)).exists():
            path.unlink()


def differences(fresh: Path, committed: Path) -> list[str]:
    """What differs between two trees of generated modules, one line a file, in order of name."""
    names = {path.relative_to(root) for root in (fresh, committed) for path in _generated(root)}
    lines = []
    for name in sorted(names):
        left, right = fresh / name, committed / name
        if not right.exists():
            lines.append(f"{name} is missing")
        elif not left.exists():
            lines.append(f"{name} belongs to no .proto file")
        elif left.read_bytes() != right.read_bytes():
            lines.append(f"{name} is out of date")
    return lines


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing, and fail on a difference")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        generate(fresh)
        if options.check:
            lines = differences(fresh, REPOSITORY)
            for line in lines:
                print(line, file=sys.stderr)
            return 1 if lines else 0
        _remove_stale(fresh)
        for path in _generated(fresh):
            (REPOSITORY / path.relative_to(fresh)).write_bytes(path.read_bytes())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
