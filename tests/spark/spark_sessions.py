"""A session that many tests share, opened anew where its Spark was ended."""

from contextlib import ExitStack
from types import TracebackType
from typing import Self

from dedup_service.cleanup import Engine, Workspace, open_engine
from tests.spark.spark_server import SparkServer


class SparkSessions:
    """The sessions with one server, one at a time."""

    def __init__(self, server: SparkServer, workspace: Workspace) -> None:
        self._server = server
        self._workspace = workspace
        self._open = ExitStack()
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """The session that there is; where the server does not run, it is started and a new one opened."""
        if not self._server.answers():
            self.close()
            self._server.start()
        if self._engine is None:
            opened = open_engine(self._server.url, memory_mib=512, workspace=self._workspace)
            self._engine = self._open.enter_context(opened)
        return self._engine

    def close(self) -> None:
        """End the session, whether or not its server still runs."""
        self._engine = None
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
