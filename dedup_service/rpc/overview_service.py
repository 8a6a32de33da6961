"""OverviewService: counts over the whole desk, provisional accounts, and how fresh the index is."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from dedup_service.domain.records import Violation
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import refuse
from dedup_service.rpc.overview_conversion import (
    account_message,
    activity_message,
    calibration_message,
    index_message,
    queues_message,
)
from dedup_service.rpc.page_tokens import page_size
from dedup_service.rpc.quantities import read_time, timestamp
from dedup_service.v1 import overview_service_pb2 as pb
from dedup_service.workflows.pages import Page


class OverviewService:
    """Answers the methods of `dedup_service.v1.OverviewService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._overview = edge.desk.overview_readings

    async def study_activity(self, request: pb.StudyActivityRequest) -> pb.StudyActivityResponse:
        start, end = _read_span(request)
        await self._edge.fresh(request)
        days = await self._overview.activity(start, end)
        return pb.StudyActivityResponse(days=map(activity_message, days), create_time=self._now())

    async def study_queue(self, request: pb.StudyQueueRequest) -> pb.StudyQueueResponse:
        await self._edge.fresh(request)
        message = queues_message(await self._overview.queues())
        message.create_time.CopyFrom(self._now())
        return message

    async def study_calibration(self, request: pb.StudyCalibrationRequest) -> pb.StudyCalibrationResponse:
        start, end = _read_span(request)
        await self._edge.fresh(request)
        message = calibration_message(await self._overview.calibration(start, end))
        message.create_time.CopyFrom(self._now())
        return message

    async def list_provisional_accounts(
        self, request: pb.ListProvisionalAccountsRequest
    ) -> pb.ListProvisionalAccountsResponse:
        page = Page(after=self._edge.pages.cursor(request), size=page_size(request))
        await self._edge.fresh(request)
        found = await self._overview.provisional_accounts(page)
        return pb.ListProvisionalAccountsResponse(
            provisional_accounts=map(account_message, found.accounts),
            next_page_token=self._edge.next_page(request, found.next),
            total_count=found.total_count,
        )

    async def get_index_status(self, request: pb.GetIndexStatusRequest) -> pb.IndexStatus:
        await self._edge.fresh(request)
        message = index_message(await self._overview.index_freshness(), self._edge.tokens)
        message.create_time.CopyFrom(self._now())
        return message

    def _now(self) -> Timestamp:
        return timestamp(self._edge.desk.now())


def _read_span(
    request: pb.StudyActivityRequest | pb.StudyCalibrationRequest,
) -> tuple[datetime | None, datetime | None]:
    violations: list[Violation] = []
    start = end = None
    if request.HasField("start_time"):
        start = read_time(request.start_time, "start_time", violations)
    if request.HasField("end_time"):
        end = read_time(request.end_time, "end_time", violations)
    refuse(violations)
    return start, end
