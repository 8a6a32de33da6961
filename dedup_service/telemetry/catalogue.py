"""Every metric of the service: its name, unit, labels and meaning.

Names and units are OpenTelemetry's; Prometheus sees them as `prometheus_name` says.
Labels take few, known values, never one of a record, a principal or a blocking key: those are personal data.
`python -m dedup_service.telemetry.catalogue` prints the table of docs/operating.md.
"""

import sys
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a metric behaves: it only grows, it goes up and down, or it says how values are spread."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the table. `unit` is UCUM, a note in braces for a count; `bounds` are in that unit, upper
    and inclusive, of a histogram's buckets.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    @property
    def prometheus_name(self) -> str:
        """The name in PromQL; a histogram's series add `_bucket`, `_sum` and `_count` to it."""
        name = self.name.replace(".", "_")
        if self.unit == "s":
            name += "_seconds"
        return f"{name}_total" if self.kind is Kind.COUNTER else name


# Both promises of the service on Match, 2 and 10 milliseconds, are bounds, so that shares can be read off.
_CALL_SECONDS = (
    *(0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_PHASE_SECONDS = (
    *(0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025),
    *(0.05, 0.1, 0.25, 1.0, 2.5),
)
_CANDIDATES = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)

CALLS = Metric(
    "dedup.calls",
    Kind.COUNTER,
    "{call}",
    "Calls that ended, by method and gRPC status code; a stream is one call.",
    ("method", "code"),
)
CALLS_REFUSED = Metric(
    "dedup.calls.refused",
    Kind.COUNTER,
    "{call}",
    "Calls refused with OVERLOADED, by class of call; `BULK` are streams of requests.",
    ("class",),
)
CALL_DURATION = Metric(
    "dedup.call.duration",
    Kind.HISTOGRAM,
    "s",
    "Time from the admission of a call to its end, by method; reading and writing its messages is not in it.",
    ("method",),
    _CALL_SECONDS,
)
CALLS_RUNNING = Metric(
    "dedup.calls.running", Kind.GAUGE, "{call}", "Calls being served now, watching streams among them."
)
MATCH_PHASE_DURATION = Metric(
    "dedup.match.phase.duration",
    Kind.HISTOGRAM,
    "s",
    "Time that one Match spent in a phase: `prepare` the query, ask the `index`, `score` the candidates, "
    "`read` the records found, build the `answer`.",
    ("phase",),
    _PHASE_SECONDS,
)
MATCH_CANDIDATES = Metric(
    "dedup.match.candidates",
    Kind.HISTOGRAM,
    "{candidate}",
    "Candidates that one Match scored.",
    bounds=_CANDIDATES,
)
TRUNCATED_KEYS = Metric(
    "dedup.match.truncated.keys",
    Kind.COUNTER,
    "{key}",
    "Blocking keys that a Match did not read whole, because they have too many members.",
)
INCOMPLETE_ANSWERS = Metric(
    "dedup.match.incomplete.answers",
    Kind.COUNTER,
    "{answer}",
    "Answers of Match with `complete = false`, by reason; one with two reasons counts under each.",
    ("reason",),
)
INDEX_LAG_REVISIONS = Metric(
    "dedup.index.lag.revisions",
    Kind.GAUGE,
    "{revision}",
    "Revisions that the ledger is known to have and the index not yet.",
)
INDEX_LAG_TIME = Metric(
    "dedup.index.lag.time",
    Kind.GAUGE,
    "s",
    "Age of the oldest revision that the index does not have; 0 when it has all.",
)
INDEX_RECORDS = Metric("dedup.index.records", Kind.GAUGE, "{record}", "Records in the index that serves.")
INDEX_KEYS = Metric("dedup.index.keys", Kind.GAUGE, "{key}", "Blocking keys in the index that serves.")
REBUILD_RUNNING = Metric(
    "dedup.index.rebuild.running",
    Kind.GAUGE,
    "{rebuild}",
    "1 while the index is built anew, here or elsewhere.",
)
REBUILD_DONE = Metric(
    "dedup.index.rebuild.done.records",
    Kind.GAUGE,
    "{record}",
    "Records that this process's last rebuild has written.",
)
REBUILD_EXPECTED = Metric(
    "dedup.index.rebuild.expected.records",
    Kind.GAUGE,
    "{record}",
    "Records that this process's last rebuild is to write.",
)
REBUILDS = Metric(
    "dedup.index.rebuilds",
    Kind.COUNTER,
    "{rebuild}",
    "Rebuilds of the index that this process has ended, by outcome: `published` or `failed`.",
    ("outcome",),
)
POSTGRES_CONNECTIONS = Metric(
    "dedup.postgres.connections",
    Kind.GAUGE,
    "{connection}",
    "Open connections to PostgreSQL, by pool (`read`, `write`) and state (`used`, `idle`).",
    ("pool", "state"),
)
POSTGRES_WAITING = Metric(
    "dedup.postgres.waiting.requests",
    Kind.GAUGE,
    "{request}",
    "Requests that wait for a connection, by pool.",
    ("pool",),
)

METRICS = (
    *(CALLS, CALLS_REFUSED, CALL_DURATION, CALLS_RUNNING),
    *(MATCH_PHASE_DURATION, MATCH_CANDIDATES, TRUNCATED_KEYS, INCOMPLETE_ANSWERS),
    *(INDEX_LAG_REVISIONS, INDEX_LAG_TIME, INDEX_RECORDS, INDEX_KEYS),
    *(REBUILD_RUNNING, REBUILD_DONE, REBUILD_EXPECTED, REBUILDS),
    *(POSTGRES_CONNECTIONS, POSTGRES_WAITING),
)


def markdown_table() -> str:
    """The table of metrics for the operator's manual."""
    rows = [
        f"| `{each.prometheus_name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} "
        f"| {each.meaning} |"
        for each in METRICS
    ]
    return "\n".join(["| metric | kind | labels | meaning |", "|---|---|---|---|", *rows])


if __name__ == "__main__":
    sys.stdout.write(f"{markdown_table()}\n")
