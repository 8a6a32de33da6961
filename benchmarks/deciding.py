"""How cheap a decision is: one large case in process, and an inbox of 100,000 open proposals.

The case has 20 golden records with 500 child references each; stakes, impact, vetoes, tally and what is
missing are computed anew each time. The inbox is read by the published client from `dedup serve` as shipped,
after its PostgreSQL was filled with copies of real proposals, which were then made to differ in all that an
inbox is filtered by.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import psycopg

from benchmarks.ingest import served
from benchmarks.report import Figure, report
from dedup_service.client import DedupClient
from dedup_service.company_files import load_policy, load_principals
from dedup_service.domain.decision import Case, decide
from dedup_service.domain.delegations import Roles
from dedup_service.domain.golden import GoldenRecord, GoldenRow, GoldenState
from dedup_service.domain.plan import make_plan
from dedup_service.domain.records import (
    Amount,
    Child,
    ChildKind,
    Fact,
    Owner,
    Record,
    RecordDraft,
    RecordKey,
    RecordKind,
)
from dedup_service.domain.voting import Vote, VoteDecision
from dedup_service.embedded import start_postgres
from dedup_service.rpc.record_conversion import draft_message
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import MERGE_PROPOSAL_VIEW_BASIC as BASIC
from dedup_service.v1.merge_proposal_service_pb2 import (
    CountMergeProposalsRequest,
    CreateMergeProposalRequest,
    GetMergeProposalRequest,
    ListMergeProposalsRequest,
)

MEMBERS = 20
CHILDREN_EACH = 500
TARGET_DECIDE_MS = 50.0
TARGET_PAGE_MS = 100.0
TARGET_CONSOLE_MS = 60.0
SOURCES = ("crm", "desk", "erp", "shop", "partner")
# Proposals made through the API; each is then copied by SQL.
ORIGINALS = 200
# One of all the voters: asked by most, by few, and by no proposal.
READERS = {"common": "users/ann", "rare": "users/paula", "idle": "users/mia"}
INBOX = "impact desc, due_time"
FACETS = ("impact", "kind", "type", "verdict", "missing_functions", "source", "owner")
# Frequent, rare and absent values, those at the end of the order, and some together.
FILTERS = (
    "kind = LEAD",
    "kind = ACCOUNT",
    "impact = LOW",
    "impact = HIGH",
    "type = CONVERSION",
    "verdict = MATCH",
    "verdict = NO_MATCH",
    "source = crm",
    "source = events",
    "source = nowhere",
    'owner = "users/u0"',
    'owner = "users/u299"',
    'owner = "users/nobody"',
    'missing_functions:"support"',
    "kind = LEAD AND impact = HIGH",
    "verdict = NO_MATCH AND kind = LEAD AND source = events",
    'owner = "users/u3" AND verdict = MATCH',
)
# Kind and impact go together, as they do in a company; owners are 300, some busier than others.
_VARIETY = """
UPDATE proposals SET
    kind = found.kind, impact = found.impact, impact_rank = found.impact_rank, verdict = found.verdict,
    type = found.type,
    sources = ARRAY(SELECT DISTINCT unnest(ARRAY[sources_of[1 + floor(8 * a * a)::int],
                                                 sources_of[1 + floor(8 * b)::int]]) ORDER BY 1),
    owners = ARRAY(SELECT DISTINCT unnest(ARRAY['users/u' || floor(300 * c * c)::int,
                                                'users/u' || floor(300 * d * d)::int]) ORDER BY 1)
FROM (
    SELECT proposal_id,
           CASE WHEN k < 0.6 THEN 'LEAD' WHEN k < 0.9 THEN 'CONTACT' ELSE 'ACCOUNT' END AS kind,
           CASE WHEN k < 0.6 THEN 'LOW' WHEN k < 0.9 THEN 'MEDIUM' ELSE 'HIGH' END AS impact,
           CASE WHEN k < 0.6 THEN 0 WHEN k < 0.9 THEN 1 ELSE 2 END AS impact_rank,
           CASE WHEN v < 0.3 THEN 'MATCH' WHEN v < 0.99 THEN 'REVIEW' ELSE 'NO_MATCH' END AS verdict,
           CASE WHEN t < 0.99 THEN 'MERGE' ELSE 'CONVERSION' END AS type,
           a, b, c, d,
           ARRAY['crm', 'desk', 'erp', 'shop', 'partner', 'web', 'marketing', 'events'] AS sources_of
    FROM (
        SELECT proposal_id, random() AS k, random() AS v, random() AS t,
               random() AS a, random() AS b, random() AS c, random() AS d
        FROM proposals
    ) AS drawn
) AS found
WHERE found.proposal_id = proposals.proposal_id
"""
_NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def large_case() -> tuple[Case, list[Vote]]:
    """A HIGH merge of 20 accounts with 10,000 child references, and a vote of each person."""
    policy = load_policy(None)
    principals = load_principals(None, policy)
    goldens = tuple(_account(number) for number in range(MEMBERS))
    plan = make_plan(goldens, goldens[0].golden_id, (), policy)
    case = Case(
        plan=plan,
        goldens=goldens,
        proposer="services/matcher",
        policy=policy,
        roles=Roles(principals, (), _NOW),
        now=_NOW,
        plan_time=_NOW,
    )
    people = sorted({name for function in policy.functions for name in principals.people_of(function)})
    votes = [
        Vote(name, min(found.functions), VoteDecision.APPROVE, plan.hash, "", _NOW)
        for name in people
        if (found := principals.find(name)) is not None
    ]
    return case, votes


def _account(number: int) -> GoldenRecord:
    kinds = list(ChildKind)
    children = tuple(
        Child(kinds[n % len(kinds)], f"{number}-{n}", f"users/{'ab'[n % 2]}", n % 3 == 0)
        for n in range(CHILDREN_EACH)
    )
    draft = RecordDraft(
        RecordKey(SOURCES[number % len(SOURCES)], str(number)),
        RecordKind.ACCOUNT,
        {"company_name": f"Company {number}"},
        owner=Owner("users/ann", "sales"),
        facts=(
            Fact("open_opportunities", count=3),
            Fact("open_pipeline", amount=Amount("EUR", Decimal(250_000))),
            Fact("open_cases", count=1),
        ),
        children=children,
    )
    record = Record(draft, number, f"{number:032x}", 1, 1, _NOW, _NOW)
    row = GoldenRow(f"{number:032x}", RecordKind.ACCOUNT, GoldenState.LIVE, 1, 1, _NOW)
    return GoldenRecord(row, (record,))


def median_ms(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The median and the longest of so many runs, in milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), max(taken)


def fill(client: DedupClient, database_url: str, count: int) -> None:
    """So many open proposals: some made through the API, the others copies of them."""
    drafts = []
    for number in range(ORIGINALS):
        sources = ("partner", "shop") if number % 50 == 0 else ("crm", "desk")
        drafts += [
            RecordDraft(
                RecordKey(source, f"{number}"),
                RecordKind.CONTACT,
                {"full_name": f"Person {number}", "email": f"p{number}@{source}.example"},
            )
            for source in sources
        ]
    for _ in client.ingest(draft_message(draft) for draft in drafts):
        pass
    for left, right in zip(drafts[::2], drafts[1::2], strict=True):
        proposal = MergeProposal(golden_records=[left.key.name, right.key.name])
        client.merge_proposals.CreateMergeProposal(CreateMergeProposalRequest(merge_proposal=proposal))
    with psycopg.connect(database_url, autocommit=True) as connection:
        for statement in _copies(connection, count // ORIGINALS - 1):
            connection.execute(statement.encode())


def _copies(connection: psycopg.Connection, copies: int) -> list[str]:
    """The statements that copy golden records, records and proposals, each copy with ids of its own."""
    statements = []
    for table in ("golden_records", "records", "proposals"):
        rows = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s "
            "AND is_generated = 'NEVER' AND is_identity = 'NO'",
            [table],
        ).fetchall()
        columns = [str(row[0]) for row in rows]
        statements.append(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(map(_copied, columns))} "
            f"FROM {table}, generate_series(1, {copies}) AS k"
        )
    return [*statements, _VARIETY, "VACUUM ANALYZE"]


def _copied(column: str) -> str:
    """A column's value in copy number k: other ids, another time."""
    if column in ("golden_id", "proposal_id", "survivor_id", "source_record_id"):
        return f"{column} || '-' || k"
    if column in ("golden_ids", "ever_golden_ids"):
        return f"ARRAY(SELECT id || '-' || k FROM unnest({column}) AS id ORDER BY 1)"
    if column == "body":
        return r"""regexp_replace(body::text, '"([0-9a-f]{32})"', '"\1-' || k || '"', 'g')::jsonb"""
    if column in ("due_time", "create_time"):
        return f"{column} + k * interval '1 second'"
    return column


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proposals", type=int, default=100_000)
    options = parser.parse_args()
    case, votes = large_case()
    decision = decide(case, votes)
    decide_ms, _ = median_ms(lambda: decide(case, votes), 50)
    figures = [
        Figure("members of the case", len(case.goldens), "golden"),
        Figure("child references of the case", sum(len(g.children) for g in case.goldens), "children"),
        Figure("functions that vote on it", len(decision.voices), "functions"),
        Figure("decide, median of 50", decide_ms, "ms", TARGET_DECIDE_MS, at_least=False),
    ]
    data_dir = Path(tempfile.mkdtemp(prefix="dedup-bench-"))
    data_dir.chmod(0o711)
    try:
        with served(data_dir, 1) as (address, _):
            postgres = start_postgres(data_dir)
            with DedupClient(address, principal="services/importer", deadline_seconds=60) as client:
                fill(client, postgres.url, options.proposals)
                figures += _inbox_figures(client)
            with DedupClient(address, principal=READERS["common"], deadline_seconds=60) as client:
                figures += _console_figures(client)
            postgres.use.close()
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    return report("deciding", figures)


def _inbox_figures(client: DedupClient) -> list[Figure]:
    figures = []
    for word, reader in READERS.items():
        request = ListMergeProposalsRequest(
            waiting_for=reader, order_by="impact desc, due_time", page_size=50
        )
        page = client.merge_proposals.ListMergeProposals(request)
        first, worst = median_ms(lambda r=request: client.merge_proposals.ListMergeProposals(r), 30)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        name = f"inbox page of {len(page.merge_proposals)}, {word} function"
        figures.append(Figure(f"{name}, median", first, "ms", TARGET_PAGE_MS, at_least=False))
        figures.append(Figure(f"{name}, longest of 30", worst, "ms"))
    return figures


def _console_figures(client: DedupClient) -> list[Figure]:
    """What a page of the console asks for, each a median of 20; of the filters the slowest one counts."""
    proposals = client.merge_proposals

    def took(call: Callable[[], object]) -> float:
        call()
        return median_ms(call, 20)[0]

    def page(filter_text: str) -> Callable[[], object]:
        request = ListMergeProposalsRequest(
            waiting_for="me", view=BASIC, filter=filter_text, order_by=INBOX, page_size=50
        )
        return lambda: proposals.ListMergeProposals(request)

    def count(filter_text: str, facets: Sequence[str] = ()) -> Callable[[], object]:
        request = CountMergeProposalsRequest(waiting_for="me", filter=filter_text, facets=facets)
        return lambda: proposals.CountMergeProposals(request)

    first = proposals.ListMergeProposals(
        ListMergeProposalsRequest(waiting_for="me", order_by=INBOX, page_size=1)
    )
    get = GetMergeProposalRequest(name=first.merge_proposals[0].name)
    measured = {
        "inbox page, BASIC": took(page("")),
        f"inbox page, BASIC, slowest of {len(FILTERS)} filters": max(took(page(one)) for one in FILTERS),
        "count of the inbox": took(count("")),
        f"count of the inbox, slowest of {len(FILTERS)} filters": max(took(count(one)) for one in FILTERS),
        "count of the inbox with all facets": took(count("", FACETS)),
        "one proposal": took(lambda: proposals.GetMergeProposal(get)),
    }
    return [
        Figure(f"{name}, median", value, "ms", TARGET_CONSOLE_MS, at_least=False)
        for name, value in measured.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
