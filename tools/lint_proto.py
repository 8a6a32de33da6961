"""Lints the .proto files and compares them with the released API; the rules are in buf.yaml.

    python tools/lint_proto.py                  fails on a lint finding, or a break with proto/baseline.binpb
    python tools/lint_proto.py --move-baseline  makes the present API the baseline: part of every release

protoc compiles and buf judges the image, because buf alone would fetch Google's files over the network.
"""

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

# Run as a script, Python finds this module beside it.
from tools.generate_proto import PROTO_ROOT, REPOSITORY, proto_files, run_protoc

BASELINE = PROTO_ROOT / "baseline.binpb"


def compile_image(target: Path, *, source_info: bool) -> None:
    """Writes the API and all that it imports as one descriptor set; lint needs its source info."""
    options = ["--include_imports", f"--descriptor_set_out={target}"]
    if source_info:
        options.append("--include_source_info")
    run_protoc(proto_files(), *options)


def run_buf(*arguments: str) -> int:
    """Runs buf with the rules of this repository and answers with its exit status."""
    program = Path(sysconfig.get_path("scripts"), "buf")
    command = [str(program), *arguments, "--config", str(REPOSITORY / "buf.yaml")]
    return subprocess.run(command, check=False).returncode


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--move-baseline", action="store_true", help="make the present API the baseline")
    parser.add_argument("--baseline", type=Path, default=BASELINE, help="compare with this image instead")
    options = parser.parse_args(arguments)
    if options.move_baseline:
        compile_image(options.baseline, source_info=False)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "api.binpb")
        compile_image(image, source_info=True)
        statuses = [
            run_buf("lint", str(image)),
            run_buf("breaking", str(image), "--against", str(options.baseline)),
        ]
    return max(statuses)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
