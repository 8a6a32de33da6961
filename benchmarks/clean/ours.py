"""Ours from files to clusters, as `dedup clean` finds them, without the report and the files that it writes.

    python -m benchmarks.clean.ours SET OUTPUT MEMORY_MIB

Writes OUTPUT/clusters, which is Parquet with the columns cluster and golden_id: the number of the row among
all rows, people first.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.clean.sets import FILES
from dedup_service.cleanup import FindOptions, RawRows, Workspace, find_duplicates, open_engine
from dedup_service.cleanup.reading.gathering import ROW, gather
from dedup_service.cli.clean_inputs import AskedColumns, plan_files


def main() -> None:
    """Read, find, and keep the clusters and what was counted."""
    source, output, memory_mib = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    workspace = Workspace(output / "workspace")
    inputs = plan_files([source / name for name in FILES.values()], "", AskedColumns(None, ()))
    gathered = gather(inputs, workspace, lambda _: None, lambda: False)
    with open_engine(memory_mib=memory_mib, workspace=workspace, record_count=gathered.row_count) as engine:
        rows = RawRows(gathered.path, gathered.recognised, ROW, gathered.identity)
        found = find_duplicates(engine, rows, workspace, FindOptions())
        shutil.copytree(found.clusters, output / "clusters")
    counted = {"records": found.record_count, "candidates": found.candidate_count, "verdicts": found.verdicts}
    (output / "counted.json").write_text(json.dumps(counted), "utf-8")
    workspace.remove()


if __name__ == "__main__":
    main()
