"""What the processes of a run take: CPU seconds by role, and resident memory."""

import os
from dataclasses import dataclass
from typing import Self

import psutil

from benchmarks.match.residence import Service

SERVER, VALKEY, POSTGRES = "server", "Valkey", "PostgreSQL"


@dataclass(frozen=True, slots=True)
class CpuSeconds:
    """CPU seconds since the start of each process, by role."""

    by_role: dict[str, float]

    def __sub__(self, earlier: Self) -> "CpuSeconds":
        return CpuSeconds({role: spent - earlier.by_role[role] for role, spent in self.by_role.items()})


def cpu_seconds(service: Service) -> CpuSeconds:
    """What each role has used so far; of processes that have ended, their parent keeps the account."""
    trees = {
        SERVER: server_processes(service),
        VALKEY: _tree(service.valkey_pid),
        POSTGRES: _tree(service.postgres_pid),
    }
    return CpuSeconds({role: sum(map(_spent, tree)) for role, tree in trees.items()})


def server_processes(service: Service) -> list[psutil.Process]:
    """The processes of the service itself: not of the servers that it started."""
    others = {process.pid for pid in (service.valkey_pid, service.postgres_pid) for process in _tree(pid)}
    return [process for process in _tree(service.pid) if process.pid not in others]


def resident_mib(service: Service) -> list[float]:
    """The resident memory of each process of the service, largest first."""
    return sorted((_resident(process) / 2**20 for process in server_processes(service)), reverse=True)


def hold_to_two_cores() -> None:
    """Keep this process, and all that it starts from now on, on two cores."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])


def _tree(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    # The service's own children are its servers, which have a role of their own, or live as long as it does.
    ended = times.children_user + times.children_system if process.name() == "postgres" else 0.0
    return float(times.user + times.system + ended)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
