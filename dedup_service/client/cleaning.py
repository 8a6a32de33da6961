"""Watching a run of a cleanup job through broken streams."""

import time
from collections.abc import Callable, Iterator

from dedup_service.client.errors import ServiceError
from dedup_service.client.following import LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS, passing
from dedup_service.v1.cleanup_run_pb2 import CleanupRun, CleanupRunState
from dedup_service.v1.cleanup_service_pb2 import WatchCleanupJobRequest
from dedup_service.v1.cleanup_service_pb2_grpc import CleanupServiceStub

_ENDED = (
    CleanupRunState.CLEANUP_RUN_STATE_SUCCEEDED,
    CleanupRunState.CLEANUP_RUN_STATE_FAILED,
    CleanupRunState.CLEANUP_RUN_STATE_CANCELLED,
    CleanupRunState.CLEANUP_RUN_STATE_STOPPED,
)


def has_ended(run: CleanupRun) -> bool:
    """Whether nothing more will come of a run."""
    return run.state in _ENDED


def watch_runs(
    stub: CleanupServiceStub, job: str, cleanup_run: str, pause: Callable[[float], None] = time.sleep
) -> Iterator[CleanupRun]:
    """A run until it has ended; `pause` waits between two attempts.

    Once a run was seen it is the one that is watched, also where the job has begun another meanwhile.
    """
    wait_seconds = SHORTEST_PAUSE_SECONDS
    seen = False
    while True:
        moved = False
        stream = stub.WatchCleanupJob(WatchCleanupJobRequest(name=job, cleanup_run=cleanup_run))
        try:
            for message in stream:
                run = message.cleanup_run
                cleanup_run, seen, moved = run.name, True, True
                wait_seconds = SHORTEST_PAUSE_SECONDS
                yield run
                if has_ended(run):
                    return
        except ServiceError as error:
            if not seen or not passing(error, moved=moved):
                raise
            wait_seconds = max(wait_seconds, error.retry_seconds or 0.0)
        finally:
            stream.cancel()
        pause(wait_seconds)
        wait_seconds = min(wait_seconds * 2, LONGEST_PAUSE_SECONDS)
