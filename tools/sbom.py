"""The bill of what ships, as CycloneDX JSON: `python -m tools.sbom FILE`.

Every pin of requirements.lock that ships is a component with its package URL, its hashes and its licence.
The same lock gives the same bytes.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tools.licences import licence_of
from tools.lock_file import PROJECT, normal_name, shipped

SPECIFICATION = "1.6"


def bill() -> dict[str, Any]:
    """The bill; raises `CalledProcessError` if cyclonedx-py finds the lock or the bill not valid."""
    with tempfile.TemporaryDirectory() as directory:
        lock, out = Path(directory, "shipped.lock"), Path(directory, "sbom.json")
        lock.write_text("".join(f"{line}\n" for pin in shipped() for line in pin.lines), encoding="utf-8")
        options = ["--sv", SPECIFICATION, "--of", "JSON", "--output-reproducible", "--validate"]
        subprocess.run(
            [
                sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(lock),
                "--pyproject", str(PROJECT), *options, "-o", str(out),
            ],
            check=True,
        )  # fmt: skip
        found: dict[str, Any] = json.loads(out.read_bytes())
    for component in found["components"]:
        licence = licence_of(normal_name(component["name"]))
        # Which of the BSD licences it is, some packages do not say: that is a name and no SPDX identifier.
        component["licenses"] = [
            {"license": {"name": licence}} if licence == "BSD" else {"expression": licence}
        ]
        # It repeats the lines of the lock.
        component.pop("description", None)
    # The bill's own package asks for the rest; the graph below that is in requirements.lock.
    root = found["metadata"]["component"]["bom-ref"]
    found["dependencies"] = [
        {"ref": root, "dependsOn": sorted(each["bom-ref"] for each in found["components"])},
        *({"ref": each["bom-ref"]} for each in found["components"]),
    ]
    return found


def main() -> int:
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    found = bill()
    path.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{path}: {len(found['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
