"""One record, as its source says it."""

from starlette.responses import Response

from dedup_service.console.views.golden_records import child_groups
from dedup_service.console.views.values import in_order, title_of
from dedup_service.console.visit import Visit
from dedup_service.v1.core_pb2 import GoldenChild
from dedup_service.v1.golden_record_service_pb2 import GetGoldenRecordRequest
from dedup_service.v1.record_service_pb2 import GetRecordRequest


def show(visit: Visit) -> Response:
    """Its values, facts and children, who answers for it, and the golden record that it is a member of."""
    name = f"sources/{visit.path['source']}/records/{visit.path['record_id']}"
    record = visit.desk.records.GetRecord(GetRecordRequest(name=name))
    golden = visit.desk.golden_records.GetGoldenRecord(GetGoldenRecordRequest(name=record.golden_record))
    return visit.render(
        "record.html.jinja",
        record=record,
        title=title_of(record.values),
        fields=in_order(record.values),
        golden=golden,
        children=child_groups(GoldenChild(child=child, record=record.name) for child in record.children),
    )
