"""What `serve` says about the store when it starts."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import scoring
from dedup_service.cli.output import Output
from dedup_service.cli.sample_crm import Swept
from dedup_service.domain.policy import Impact
from dedup_service.domain.proposals import Proposal, ProposalState
from dedup_service.domain.records import Record, RecordKind
from dedup_service.sample import Found
from dedup_service.settings import Settings
from dedup_service.workflows.desk import Desk
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.overview import Overview
from dedup_service.workflows.pages import Page
from dedup_service.workflows.ports import ReadTransaction
from dedup_service.workflows.rules import Rules

_TELLING = ("given_name", "family_name", "full_name", "email", "phone", "mobile_phone", "company_name")
_ENOUGH_VALUES = 3


async def say_store(desk: Desk, out: Output) -> None:
    """Records by source and kind, and open proposals by impact."""
    overview = await desk.store.read(lambda tx: tx.overview())
    if not overview.record_count:
        out.line(
            "the store is empty: `dedup import FILE.csv` fills it, `dedup serve --sample` shows a sample"
        )
        return
    sources = sorted({source for source, _ in overview.records})
    rows = [
        (source, *(f"{overview.records.get((source, kind), 0):,}" for kind in RecordKind))
        for source in sources
    ]
    totals = (sum(overview.records.get((source, kind), 0) for source in sources) for kind in RecordKind)
    rows.append(("all", *(f"{total:,}" for total in totals)))
    kinds = tuple(str(kind) for kind in RecordKind)
    out.table(("source", *kinds), rows, f"{overview.record_count:,} records", right=kinds)
    _say_impacts(overview, out)


def _say_impacts(overview: Overview, out: Output) -> None:
    """Those that wait for a decision apart from those that only wait for being carried out."""
    waiting, approved = (
        overview.proposals_of(state) for state in (ProposalState.PENDING, ProposalState.APPROVED)
    )
    out.table(
        ("impact", "to decide", "approved"),
        [(str(impact), f"{waiting[impact]:,}", f"{approved[impact]:,}") for impact in Impact],
        f"{sum(waiting.values()):,} merge proposals wait for a decision, "
        f"{sum(approved.values()):,} are approved and wait for being carried out",
        right=("to decide", "approved"),
    )


def say_sweep(swept: Swept, out: Output) -> None:
    """What the sweep found, held against the truth that the sample knows."""
    verdicts = swept.result.verdicts
    pairs = ((scoring.Verdict.MATCH, swept.matches), (None, swept.matches_and_reviews))
    out.table(
        ("verdict", "pairs", "true, found", "true, missed", "wrong", "precision", "recall"),
        [
            (
                str(verdict) if verdict else "with REVIEW",
                f"{verdicts[verdict] if verdict else sum(verdicts.values()):,}",
                *_against_truth(found),
            )
            for verdict, found in pairs
        ],
        "pairs of records that the sweep found, against the truth",
        right=("pairs", "true, found", "true, missed", "wrong", "precision", "recall"),
    )
    out.bullets("left alone", (f"{count:,} {why}" for why, count in sorted(swept.result.left_alone.items())))


def _against_truth(found: Found) -> tuple[str, ...]:
    return (
        f"{found.found:,}",
        f"{found.missed:,}",
        f"{found.wrong:,}",
        f"{found.precision:.1%}",
        f"{found.recall:.1%}",
    )


async def say_what_to_try(desk: Desk, address: str, out: Output) -> None:
    """Three commands to paste, with names and values of this store, as somebody whom a proposal waits for."""
    proposal, record = await desk.store.read(_example)
    if proposal is None:
        return
    functions = proposal.decision.missing_functions if proposal.decision is not None else ()
    who = first_person(desk.rules, functions) or first_person(desk.rules, sorted(desk.rules.policy.functions))
    if who is None:
        return
    tail = ["--as", who]
    if address != _default_address():
        tail += ["--address", address]
    out.heading("try")
    commands = [["inbox"], ["show", proposal.name]]
    if record is not None:
        told = [f"{name}={record.draft.values[name]}" for name in _TELLING if record.draft.values.get(name)]
        values = [part for text in told[:_ENOUGH_VALUES] for part in ("--set", text)]
        commands.append(["match", "--kind", str(record.kind), *values])
    for command in commands:
        out.line(f"  {shlex.join([program(), *command, *tail])}")


async def _example(tx: ReadTransaction) -> tuple[Proposal | None, Record | None]:
    """An open proposal, of contacts if there is one, and one of its records with values to match by."""
    is_open = Condition("open", Operator.EQUALS, "true")
    contacts = Condition("kind", Operator.EQUALS, RecordKind.CONTACT)
    for conditions in ((is_open, contacts), (is_open,)):
        listed = await tx.list_proposals(Page(conditions, size=1))
        if listed.items:
            proposal = listed.items[0]
            goldens = await tx.goldens(proposal.plan.golden_ids)
            members = [record for golden in goldens.values() for record in golden.active_members]
            members.sort(key=lambda r: (-sum(bool(r.draft.values.get(name)) for name in _TELLING), r.key))
            return proposal, next(iter(members), None)
    return None, None


def first_person(rules: Rules, functions: Iterable[str]) -> str | None:
    """Somebody to act as: the first person of the first of these functions that has any."""
    people = (rules.principals.people_of(function) for function in functions)
    return next((name for names in people for name in names), None)


def program() -> str:
    """How this program was called, so that a command can be pasted."""
    called = Path(sys.argv[0])
    return sys.argv[0] if called.name == "dedup" else "dedup"


def _default_address() -> str:
    return Settings.from_environment({}).address
