"""LeadService: which live leads wait for somebody, and how dead ones died."""

from collections.abc import Iterable

from dedup_service.domain.dead_leads import LEAST_COUNT, DeadLeadDimension, DeadLeadQuery
from dedup_service.domain.records import Violation
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import refuse
from dedup_service.rpc.lead_conversion import study_message, unattended_lead_message
from dedup_service.rpc.quantities import read_time
from dedup_service.v1 import lead_service_pb2 as pb

_FILTER_FIELDS = {"owner": None, "function": None, "queue": None, "source": None}


class LeadService:
    """Answers the methods of `dedup_service.v1.LeadService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._leads = edge.desk.lead_readings

    async def list_unattended_leads(
        self, request: pb.ListUnattendedLeadsRequest
    ) -> pb.ListUnattendedLeadsResponse:
        page = self._edge.page(request, _FILTER_FIELDS)
        await self._edge.fresh(request)
        found = await self._leads.unattended(page)
        return pb.ListUnattendedLeadsResponse(
            unattended_leads=map(unattended_lead_message, found.listed.items),
            next_page_token=self._edge.next_page(request, found.listed.next),
            complete=found.complete,
        )

    async def study_dead_leads(self, request: pb.StudyDeadLeadsRequest) -> pb.StudyDeadLeadsResponse:
        query = _read_query(request)
        await self._edge.fresh(request)
        return study_message(await self._leads.study_dead(query))


def _read_query(request: pb.StudyDeadLeadsRequest) -> DeadLeadQuery:
    violations: list[Violation] = []
    dimensions = tuple(_read_dimensions(request.dimensions, violations))
    start = end = None
    if request.HasField("start_time"):
        start = read_time(request.start_time, "start_time", violations)
    if request.HasField("end_time"):
        end = read_time(request.end_time, "end_time", violations)
    refuse(violations)
    return DeadLeadQuery(
        dimensions=dimensions,
        source=resource_names.source(request.source, "source") if request.source else "",
        start_time=start,
        end_time=end,
        least_count=request.least_count or LEAST_COUNT,
    )


def _read_dimensions(numbers: Iterable[int], violations: list[Violation]) -> Iterable[DeadLeadDimension]:
    for place, number in enumerate(numbers):
        found = enum_numbers.DEAD_LEAD_DIMENSION_OF.get(number)
        if found is None:
            rule = f"must be one of {', '.join(DeadLeadDimension)}"
            violations.append(Violation(f"dimensions[{place}]", rule))
        else:
            yield found
