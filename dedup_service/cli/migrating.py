"""`migrate`: from one CRM to another through intake, so that what arrives is one of each, typed and assigned.

Every record of the old system is routed. Golden records are what the new system gets: files that it can take
in, without those that wait for a decision, and a line for each old record that says what became of it. A run
that was cut short, or after which proposals were decided, is finished by running it again.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from dedup_service.cli.csv_rows import ReadRecord, rows_of
from dedup_service.cli.import_plan import ImportPlan, opened
from dedup_service.cli.importing import progress, warn_of_other_source
from dedup_service.cli.migration_files import write_load_files
from dedup_service.cli.migration_report import FileCounts, Migration, OldRecord
from dedup_service.cli.problems import CommandError, service_sentence
from dedup_service.cli.profile_imports import ReadAs, check, plan_file, profiles_named
from dedup_service.cli.rejects import Rejects
from dedup_service.cli.routed_records import RoutedRecord, Router
from dedup_service.cli.session import Session
from dedup_service.client import ServiceError
from dedup_service.source_profiles import AccountNames, SourceProfile
from dedup_service.v1.core_pb2 import LeadClass
from dedup_service.v1.intake_service_pb2 import IntakeAction, RouteResponse

_OF_A_TRIAL = (
    "a trial compares with what is stored alone: who comes twice in the files themselves, and contacts of an "
    "account that would become another, are only found when they are written"
)
REJECTS_ENDING = ".rejects.csv"


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """Which files go, in their order, and which of the folder do not and why; where the results are put."""

    imports: Sequence[ImportPlan]
    not_read: Sequence[tuple[Path, str]]
    target: SourceProfile
    folder: Path


def plan_migration(folder: Path, read_as: ReadAs, target: str, out: Path | None) -> MigrationPlan:
    """Look at the CSV files of a folder; nothing is sent.

    Raises:
        typer.BadParameter: an option that does not fit, or no such profile, or one that writes no files.
        CommandError: no file of the folder is one of the old system.
    """
    check(read_as)
    (old,) = _one_profile(read_as.profile, "--from")
    (new,) = _one_profile(target, "--to")
    if not any(rules.load for rules in new.objects.values()):
        raise typer.BadParameter(
            f"{new.name} says nothing of files to load: it has no load", param_hint="--to"
        )
    accounts = AccountNames()
    planned = []
    not_read = []
    for file in sorted(folder.glob("*.csv")):
        if file.name.endswith(REJECTS_ENDING):
            continue
        try:
            planned.append(plan_file(file, [old], read_as, accounts))
        except CommandError as error:
            not_read.append((file, str(error).removeprefix(f"{file}: ").partition("; its columns are ")[0]))
    if not planned:
        said = "; ".join(f"{file.name}: {why}" for file, why in not_read) or "it holds no CSV file"
        raise CommandError(f"{folder} has no file of {old.title}: {said}")
    imports = [plan for _, plan in sorted(planned, key=lambda each: each[0])]
    return MigrationPlan(imports, not_read, new, out or folder / f"to-{new.name}")


def _one_profile(word: str, option: str) -> Sequence[SourceProfile]:
    if word == "auto":
        raise typer.BadParameter("name one profile", param_hint=option)
    return profiles_named(word)


def migrate(session: Session, plan: MigrationPlan, *, sample: int, dry_run: bool) -> Migration:
    """Route every record, and write the files of the new system.

    A dry run tries the first `sample` records of each file, all where it is 0, and writes none of them.

    Raises:
        CommandError: the service stopped answering.
    """
    for source in dict.fromkeys(each.source for each in plan.imports):
        warn_of_other_source(session, source)
    router = Router(session.client, validate_only=dry_run)
    migration = Migration(dry_run=dry_run, not_read=list(plan.not_read))
    for each in plan.imports:
        counts = FileCounts(each.file, each.what, list(each.columns.left_out))
        migration.files.append(counts)
        try:
            _route_file(each, router, counts, migration, sample=sample, dry_run=dry_run)
        except ServiceError as error:
            if error.unreachable and not migration.records:
                raise
            raise CommandError(
                f"stopped in {each.file}: {service_sentence(error)}. Run the same command again: "
                "who is there already is found"
            ) from error
        migration.notes += each.reader.notes()
    if dry_run:
        migration.notes.append(_OF_A_TRIAL)
    else:
        write_load_files(session, plan.target, plan.folder, migration)
    return migration


def _route_file(
    plan: ImportPlan,
    router: Router,
    counts: FileCounts,
    migration: Migration,
    *,
    sample: int,
    dry_run: bool,
) -> None:
    if not dry_run:
        plan.rejects_file.unlink(missing_ok=True)
    with (
        opened(plan.file, plan.encoding) as text,
        progress(text, plan.file) as tick,
        Rejects(plan) as rejects,
    ):
        rows = rows_of(csv.reader(text, delimiter=plan.delimiter))
        read = plan.reader.records(itertools.islice(rows, 1, None))  # the first row is the header
        for routed in router.route(itertools.islice(read, sample or None)):
            counts.read_count += len(routed.read.rows)
            problems = routed.read.problems or routed.problems
            if problems and not dry_run:
                rejects.write(routed.read.rows, problems)
            migration.records.append(_old_record(plan, routed, counts, problems))
            tick()


def _old_record(
    plan: ImportPlan, routed: RoutedRecord, counts: FileCounts, problems: Sequence[str]
) -> OldRecord:
    read = routed.read
    line = read.rows[0].line
    if read.left_out:
        counts.left_out[read.left_out] += len(read.rows)
        return OldRecord(plan.what, line, "", left_out=read.left_out)
    if routed.answer is None:
        counts.rejected_count += 1
        return OldRecord(plan.what, line, read.record.name, left_out="; ".join(problems))
    return _answered(plan, line, read, routed.answer, counts)


def _answered(
    plan: ImportPlan, line: int, read: ReadRecord, answer: RouteResponse, counts: FileCounts
) -> OldRecord:
    action = _action(answer, read.record.name)
    counts.actions[action] += 1
    return OldRecord(
        plan.what,
        line,
        read.record.name,
        became=answer.record.name,
        golden_record=answer.record.golden_record,
        action=action,
        proposal=answer.merge_proposal,
        assigned_to=_assigned(answer),
        lead_class=LeadClass.Name(answer.lead_class).removeprefix("LEAD_CLASS_") if answer.lead_class else "",
        warnings=tuple(_warnings(answer)),
        record=read.record,
    )


def _action(answer: RouteResponse, name: str) -> str:
    if answer.action == IntakeAction.INTAKE_ACTION_INSERT_WITH_PROPOSAL:
        return "waits for a decision"
    if answer.action == IntakeAction.INTAKE_ACTION_UPDATE:
        return "known from a run before" if answer.record.name == name else "merged into one that is known"
    return "new"


def _assigned(answer: RouteResponse) -> str:
    to = answer.assignment
    where = to.principal or (f"queue {to.queue}" if to.queue else "")
    return f"{where}, with {to.partner}" if to.partner and where else where


def _warnings(answer: RouteResponse) -> Iterator[str]:
    for duplicate in answer.duplicates:
        if duplicate.dead_reason:
            yield f"{duplicate.record} is dead: {duplicate.dead_reason}"
    if not answer.complete:
        yield "not every candidate was compared: a sweep may find more"
