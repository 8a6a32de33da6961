"""Whether a cluster can do the work, seen from one small job before any record is read.

One row goes from here through Python on the cluster and back, by way of the workspace. What an executor lacks
would else show in the middle of a run, as an error of Python that says nothing to whoever runs it.
"""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.sql.connect.session import SparkSession

from dedup_service.cleanup.errors import EngineError
from dedup_service.cleanup.work.release import RELEASE, release, releases
from dedup_service.cleanup.workspace import Workspace

_FOLDER = "check"
_NO_PACKAGE = "ModuleNotFoundError"
_NOT_SEEN = ("PATH_NOT_FOUND", "FileNotFoundException", "FAILED_READ_FILE", "AccessControlException")


def check_cluster(session: SparkSession, url: str, workspace: Workspace) -> None:
    """Refuse a cluster that cannot do the work.

    Raises:
        EngineError: its Python lacks this package or has another release of it, or it does not read and write
            the workspace.
    """
    folder = workspace.path / _FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        pq.write_table(pa.table({"number": [1]}), folder / "asked.parquet")
        asked = session.read.parquet(str(folder / "asked.parquet"))
        asked.mapInArrow(releases, RELEASE).write.parquet(str(folder / "answer"))
        found = pq.read_table(folder / "answer").to_pylist()
    except PySparkException as error:
        raise _refusal(error, url, workspace) from error
    except OSError as error:
        raise _not_shared(url, workspace) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if not found:
        raise _not_shared(url, workspace)
    if any((row["preparing"], row["blocking"]) != release() for row in found):
        raise EngineError(
            url,
            "has another release of dedup-service in its Python",
            "install the release that runs here there",
        )


def _refusal(error: PySparkException, url: str, workspace: Workspace) -> EngineError:
    said = str(error)
    if _NO_PACKAGE in said:
        return EngineError(
            url,
            "runs a Python that lacks dedup-service or what it needs",
            "install 'dedup-service[clean]' on its executors, and have spark.pyspark.python name that Python",
        )
    if any(sign in said for sign in _NOT_SEEN):
        return _not_shared(url, workspace)
    return EngineError(
        url,
        f"did not carry out a small job ({error.getCondition() or type(error).__name__})",
        "look at its log",
    )


def _not_shared(url: str, workspace: Workspace) -> EngineError:
    return EngineError(
        url,
        f"does not read and write {workspace.path}",
        "name a workspace on storage that this machine and all executors have under one path, as one user",
    )
