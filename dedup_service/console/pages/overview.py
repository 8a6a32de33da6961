"""The overview: figures of the whole desk, each with its table, and each table as a file.

The calls go out together. A figure whose call fails says so in its place, and the others are shown.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.pages import problems
from dedup_service.console.pages.jobs import AskedJobs
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views.overview.accounts import MAX_ACCOUNTS, accounts_figure
from dedup_service.console.views.overview.activity import activity_figure
from dedup_service.console.views.overview.agreement import calibration_figure
from dedup_service.console.views.overview.figures import Figure, Trouble, csv_text
from dedup_service.console.views.overview.freshness import index_figure
from dedup_service.console.views.overview.jobs import jobs_figure
from dedup_service.console.views.overview.leads import MAX_LEADS, dead_figure, unattended_figure
from dedup_service.console.views.overview.waiting import queue_figure
from dedup_service.console.visit import Visit
from dedup_service.v1.lead_service_pb2 import (
    DeadLeadDimension,
    ListUnattendedLeadsRequest,
    StudyDeadLeadsRequest,
)
from dedup_service.v1.overview_service_pb2 import (
    GetIndexStatusRequest,
    ListProvisionalAccountsRequest,
    StudyActivityRequest,
    StudyCalibrationRequest,
    StudyQueueRequest,
)

SPANS_DAYS = {"30": _("30 days"), "90": _("90 days"), "365": _("1 year"), "1095": _("3 years")}
DEFAULT_DAYS = "90"


@dataclass(frozen=True, slots=True)
class Part:
    """A figure: its title, how to ask for what it shows, and how to make it of the answer.

    `ask` gives something whose `result()` waits for the answer.
    """

    title: str
    ask: Callable[[Visit], Any]
    make: Callable[[Visit, Any], Figure]


def _ask_activity(visit: Visit) -> Any:
    start = Timestamp()
    start.FromDatetime(datetime.now(UTC) - timedelta(days=int(days_of(visit)) - 1))
    return visit.desk.overview.StudyActivity.future(StudyActivityRequest(start_time=start))


def _ask_dead(visit: Visit) -> Any:
    reason = DeadLeadDimension.DEAD_LEAD_DIMENSION_REASON
    return visit.desk.leads.StudyDeadLeads.future(StudyDeadLeadsRequest(dimensions=[reason]))


PARTS = {
    "activity": Part(
        _("Duplicates over time"),
        _ask_activity,
        lambda visit, answer: activity_figure(answer, visit.names, visit.formats),
    ),
    "queue": Part(
        _("Age of the queue by function"),
        lambda visit: visit.desk.overview.StudyQueue.future(StudyQueueRequest()),
        lambda visit, answer: queue_figure(answer, visit.names, visit.formats),
    ),
    "calibration": Part(
        _("Agreement with the model"),
        lambda visit: visit.desk.overview.StudyCalibration.future(StudyCalibrationRequest()),
        lambda visit, answer: calibration_figure(answer, visit.names, visit.formats),
    ),
    "unattended-leads": Part(
        _("Live leads unattended"),
        lambda visit: visit.desk.leads.ListUnattendedLeads.future(
            ListUnattendedLeadsRequest(page_size=MAX_LEADS)
        ),
        lambda visit, answer: unattended_figure(answer, visit.names, visit.formats, datetime.now(UTC)),
    ),
    "dead-leads": Part(
        _("Dead leads by reason"),
        _ask_dead,
        lambda visit, answer: dead_figure(answer, visit.names, visit.formats),
    ),
    "provisional-accounts": Part(
        _("Provisional accounts"),
        lambda visit: visit.desk.overview.ListProvisionalAccounts.future(
            ListProvisionalAccountsRequest(page_size=MAX_ACCOUNTS)
        ),
        lambda visit, answer: accounts_figure(answer, visit.names, visit.formats, datetime.now(UTC)),
    ),
    "jobs": Part(
        _("Cleanup jobs"),
        AskedJobs,
        lambda visit, jobs: jobs_figure(jobs, visit.names, visit.formats),
    ),
    "index": Part(
        _("Freshness of the index"),
        lambda visit: visit.desk.overview.GetIndexStatus.future(GetIndexStatusRequest()),
        lambda visit, answer: index_figure(answer, visit.names, visit.formats),
    ),
}


def days_of(visit: Visit) -> str:
    """How many days the figure over time spans, of those that can be chosen."""
    asked = visit.query.get("days", "")
    return asked if asked in SPANS_DAYS else DEFAULT_DAYS


def show(visit: Visit) -> Response:
    """All figures."""
    asked = {name: part.ask(visit) for name, part in PARTS.items()}
    figures = [_made(visit, name, asked[name]) for name in PARTS]
    return visit.render(
        "overview.html.jinja",
        figures=figures,
        facts=[fact for figure in figures if isinstance(figure, Figure) for fact in figure.facts],
        spans=[(days, visit.language(title)) for days, title in SPANS_DAYS.items()],
        days=days_of(visit),
    )


def _made(visit: Visit, name: str, asked: Any) -> Figure | Trouble:
    part = PARTS[name]
    try:
        return part.make(visit, asked.result())
    except ServiceError as error:
        detail = visit.language(_("The service cannot be reached.")) if error.unreachable else error.message
        return Trouble(name, visit.language(part.title), detail)


def download(visit: Visit) -> Response:
    """The table of one figure as a file."""
    name = visit.path["figure"]
    part = PARTS.get(name)
    if part is None:
        return problems.http_problem(visit, 404)
    figure = part.make(visit, part.ask(visit).result())
    # With its mark at the beginning: spreadsheets take text without it for that of another age.
    content = csv_text(figure.table).encode("utf-8-sig")
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)
