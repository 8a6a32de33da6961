"""What of a Match is transport: the same load on a gRPC server that answers as much without doing anything.

It is a grpc.aio server on uvloop with as many processes on one port as the service has workers, and its
answer is as long as that of a Match with three matches. No Match can be faster than that.

    python -m benchmarks.match.transport ADDRESS

is one of its processes.
"""

import subprocess
import sys
from collections.abc import Sequence

import grpc
import psutil
import uvloop

from benchmarks.ingest import free_port
from benchmarks.match import load
from benchmarks.match.load import Plan
from benchmarks.match.speed import STEADY_RATE
from benchmarks.report import Figure

_ANSWER = bytes(2_500)
_WARM_SECONDS = 2.0


def measure(workers: int, seconds: float, requests: Sequence[bytes]) -> list[Figure]:
    """Its latency at 300 a second, and its CPU a call."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-m", "benchmarks.match.transport", address]
    processes = [subprocess.Popen(command) for _ in range(workers)]
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(timeout=30)
        host, _, port = address.rpartition(":")
        load.run(Plan(host, int(port), STEADY_RATE, _WARM_SECONDS), requests)
        before = _cpu_seconds(processes)
        outcome = load.run(Plan(host, int(port), STEADY_RATE, seconds), requests)
        spent = _cpu_seconds(processes) - before
    finally:
        for process in processes:
            process.terminate()
            process.wait()
    return [
        Figure("transport alone: p50 at 300 a second", outcome.latency_ms(50), "ms"),
        Figure("transport alone: p99 at 300 a second", outcome.latency_ms(99), "ms"),
        Figure("transport alone: CPU a call, server", spent / len(outcome.due_ns) * 1e6, "us"),
        Figure("transport alone: CPU a call, load", outcome.cpu_seconds / len(outcome.due_ns) * 1e6, "us"),
    ]


def _cpu_seconds(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    times = [psutil.Process(process.pid).cpu_times() for process in processes]
    return float(sum(each.user + each.system for each in times))


async def _serve(address: str) -> None:
    async def match(_request: bytes, _context: object) -> bytes:
        return _ANSWER

    server = grpc.aio.server(options=[("grpc.so_reuseport", 1)])
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(match)
    service, method = load.PATH.strip("/").split("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {method: handler}),))
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
