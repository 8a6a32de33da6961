"""A worker as a process of its own that kills itself at the n-th point that it passes; run by the tests.

python -m tests.workflows.cleaning.killed_worker DATABASE_URL FOLDER POINT
"""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from dedup_service.cleanup_worker import opened_worker
from dedup_service.settings import Settings
from dedup_service.workflows.cleaning.keeping import Timing
from dedup_service.workflows.cleaning.running import WorkerOptions
from tests.workflows.cleaning.clean_desk import SmallFinder
from tests.workflows.cleaning.outcomes import IN_SMALL_BATCHES


async def work(database_url: str, folder: Path, kill_at: int) -> None:
    """Work until nothing waits; where fewer points are passed, to the end."""
    passed = 0

    def passing(_: str) -> None:
        nonlocal passed
        passed += 1
        if passed == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    settings = replace(Settings.from_environment({}), database_url=database_url)
    options = WorkerOptions(passing=passing, timing=Timing(5.0, 0.05), **IN_SMALL_BATCHES)
    async with opened_worker(settings, SmallFinder(folder, passing), options) as worker:
        while await worker.work_once() is not None:
            pass


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
