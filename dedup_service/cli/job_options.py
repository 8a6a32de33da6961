"""What a cleanup job is told on the command line: the options, and the job that they describe."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import typer

Job = Annotated[str, typer.Argument(metavar="JOB", help="cleanupJobs/ID")]
Name = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only records of this kind; all if not given.")
]
LeadClasses = Annotated[
    list[str] | None, typer.Option("--lead-class", help="Leads only of this class: LIVE, NAME or DEAD.")
]
Sources = Annotated[
    list[str] | None, typer.Option("--source", help="Only records of this source, such as crm.")
]
Filter = Annotated[
    str | None, typer.Option("--filter", help="Only records that this filter of ListRecords selects.")
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="VERSION", help="Score with this model; else with the one in use."),
]
Train = Annotated[
    bool | None, typer.Option("--train/--no-train", help="Fit the model to these records first.")
]
MaxOpen = Annotated[
    int | None, typer.Option("--max-open", metavar="N", min=0, help="At most so many open proposals.")
]
MaxMerges = Annotated[
    int | None,
    typer.Option("--max-merges", metavar="N", min=0, help="At most so many merges a day; 0 merges nothing."),
]
MaxPerOwner = Annotated[
    int | None, typer.Option("--max-merges-per-owner", metavar="N", min=0, help="The same for one owner.")
]
MaxPerSource = Annotated[
    int | None, typer.Option("--max-merges-per-source", metavar="N", min=0, help="The same for one source.")
]
CanaryShare = Annotated[
    float | None,
    typer.Option("--canary", metavar="SHARE", min=0, max=1, help="Merge so much first, from 0 to 1."),
]
Hold = Annotated[
    str | None,
    typer.Option("--hold", metavar="TIME", help="Wait so long before the rest, such as 24h or 2d."),
]
StopAbove = Annotated[
    float | None,
    typer.Option(
        "--stop-above",
        metavar="SHARE",
        min=0,
        max=1,
        help="Stop when people turn down more than this, from 0 to 1.",
    ),
]
StopAfter = Annotated[
    int | None, typer.Option("--stop-after", metavar="N", min=1, help="Once they have decided so many.")
]
Engine = Annotated[
    str | None, typer.Option("--engine", help="An engine that the operator has set up, by its name.")
]
Every = Annotated[
    str | None, typer.Option("--every", metavar="TIME", help="Run so often, such as 12h or 7d.")
]
Daily = Annotated[
    str | None, typer.Option("--daily", metavar="HH:MM", help="Run every day at this time of UTC.")
]
Incremental = Annotated[
    bool | None, typer.Option("--incremental/--full", help="Compare only what changed since the last run.")
]

_LENGTH = re.compile(r"([0-9]{1,6})\s*(m|min|h|d)", re.ASCII)
_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True, slots=True)
class JobWords:
    """The options of a job as they were typed; None where one was not given."""

    name: str | None
    kinds: list[str] | None
    lead_classes: list[str] | None
    sources: list[str] | None
    filter: str | None
    model: str | None
    train: bool | None
    max_open: int | None
    max_merges: int | None
    max_merges_per_owner: int | None
    max_merges_per_source: int | None
    canary_share: float | None
    hold: str | None
    stop_above: float | None
    stop_after: int | None
    engine: str | None
    every: str | None
    daily: str | None
    incremental: bool | None


def length_of(text: str, option: str) -> timedelta:
    """A length of time: 90m, 24h, 7d."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text}: write a length of time such as 90m, 24h or 7d", param_hint=option)
    return int(found[1]) * _UNITS[found[2]]


def clock_of(text: str, option: str) -> tuple[int, int]:
    """Hour and minute of a time of day: 2:30."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise typer.BadParameter(f"{text}: write a time of day of UTC such as 02:30", param_hint=option)
    return int(found[1]), int(found[2])
