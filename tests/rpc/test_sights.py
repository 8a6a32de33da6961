"""What stands between the gate and the services looks at answers too, whatever was asked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dedup_service.domain.errors import NotFound
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.sight.sights import Sights
from dedup_service.v1 import record_service_pb2 as pb
from tests.merge_desk import Office, principal
from tests.rpc.api import CONTACT
from tests.rpc.sight_world import HR_ID, VERA, sight_office

HIDDEN = pb.Record(name=f"sources/hr/records/{HR_ID}", kind=CONTACT)


@pytest.fixture
async def office(database_url: str, redis_url: str) -> AsyncIterator[Office]:
    async with sight_office(database_url, redis_url) as office:
        yield office


async def hidden(_: pb.GetRecordRequest) -> pb.Record:
    """Answers with a hidden record, though the request names another."""
    return pb.Record.FromString(HIDDEN.SerializeToString())


async def test_an_answer_that_is_hidden_as_a_whole_is_none(office: Office) -> None:
    """As if there was none for ann; whoever may read it gets it."""
    service: Any = pb.DESCRIPTOR.services_by_name["RecordService"]
    answer = Sights(office.desk).behind(service.methods_by_name["GetRecord"], hidden)
    request = pb.GetRecordRequest(name="sources/crm/records/1")
    assert await answer(request, Caller(VERA, "GetRecord")) == HIDDEN
    with pytest.raises(NotFound):
        await answer(request, Caller(principal("ann"), "GetRecord"))
