"""Taking a not-a-match link back."""

from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.views.addresses import is_local
from dedup_service.console.visit import Visit
from dedup_service.v1.distinction_service_pb2 import DeleteDistinctionRequest


def take_back(visit: Visit) -> Response:
    """Take it back as it was seen, and return to the page that showed it; done twice it is done once."""
    to = visit.text("to")
    back = to if is_local(to) else "/merges"
    try:
        visit.desk.distinctions.DeleteDistinction(
            DeleteDistinctionRequest(
                name=f"distinctions/{visit.path['distinction']}",
                etag=visit.text("etag", 200),
                request_id=visit.text("request_id", 64),
            )
        )
    except ServiceError as error:
        if error.reason != "RESOURCE_NOT_FOUND":
            raise
        gone = visit.language(_("That not-a-match link was gone already. Nothing more was done."))
        return visit.redirect(back, Said(gone, is_good=False))
    said = visit.language(_("The not-a-match link is taken back: merging them is possible again."))
    return visit.redirect(back, Said(said))
