"""A table that the engine knows, brought into the workspace by the engine itself."""

import json
import re

from pyspark.errors import PySparkException
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

from dedup_service.cleanup.engine import Engine
from dedup_service.cleanup.errors import InputError
from dedup_service.cleanup.reading.parquet_files import ParquetFiles, open_parquet
from dedup_service.cleanup.workspace import Workspace

_FOLDER = "table"
_MARKER = "exported.json"
_NAME = re.compile(r"(`[^`]+`|[^`.\s]+)(\.(`[^`]+`|[^`.\s]+)){0,3}")
_NESTED = ("array", "map", "struct", "binary", "variant")


def export_table(engine: Engine, name: str, workspace: Workspace) -> ParquetFiles:
    """The rows of a table as Parquet in the workspace; as an earlier run brought them there, where one did.

    Raises:
        InputError: the engine knows no such table, or must not read it.
    """
    if not _NAME.fullmatch(name):
        raise InputError(repr(name), "is no name of a table", "write catalog.schema.table")
    folder = workspace.path / _FOLDER
    marker = folder / _MARKER
    said = json.dumps([engine.url, name])
    if marker.is_file() and (kept := json.loads(marker.read_text("utf-8")))[0] == said:
        found = open_parquet(folder)
        return ParquetFiles(found.path, found.parts, found.header, tuple(kept[1]), tuple(kept[2]), name)
    try:
        frame = engine.session.table(name)
        kinds = [(field.name, field.dataType.typeName()) for field in frame.schema.fields]
    except PySparkException as error:
        raise InputError(
            f"the table {name}",
            f"cannot be read from {engine.url} ({error.getCondition() or type(error).__name__})",
            "look whether it is there, and whether you may read it",
        ) from error
    left_out = [column for column, kind in kinds if kind in _NESTED]
    taken = [column for column, _ in kinds if column not in left_out]
    if not taken:
        raise InputError(f"the table {name}", "has no column of text", "name another table")
    try:
        quoted = [F.col("`" + column.replace("`", "``") + "`").cast("string") for column in taken]
        frame.select([one.alias(f"c{at}") for at, one in enumerate(quoted)]).write.mode("overwrite").parquet(
            str(folder)
        )
        found = open_parquet(folder)
    except PySparkException as error:
        raise InputError(
            f"the table {name}",
            f"could not be brought into {folder} ({error.getCondition() or type(error).__name__})",
            "name a --workspace that both this machine and the cluster can write",
        ) from error
    marker.write_text(json.dumps([said, left_out, taken]), "utf-8")
    return ParquetFiles(found.path, found.parts, found.header, tuple(left_out), tuple(taken), name)
