"""Routing in batches, through streams that break."""

from dedup_service.client import DedupClient
from dedup_service.v1.core_pb2 import RecordKind
from dedup_service.v1.intake_service_pb2 import IntakeAction, ListIntakesRequest, RouteItem, RouteResult
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record
from tests.served_desk import ServedDesk

# Names that are far from one another: people whose numbers alone differ would be taken for one.
FAMILY_NAMES = ("Abdulrahman", "Brzezinski", "Castellanos", "Dufourmont", "Eriksdotter", "Fujimoto")
GIVEN_NAMES = ("Ulrike", "Wojciech", "Xiomara", "Yannick", "Zsofia", "Tadeusz", "Quentin", "Ragnhild")


def items(first: int, count: int) -> list[RouteItem]:
    """So many people, each with a name and an address of their own; at most 48 are distinct."""
    people = []
    for number in range(first, first + count):
        given = GIVEN_NAMES[number % len(GIVEN_NAMES)]
        family = FAMILY_NAMES[number // len(GIVEN_NAMES)]
        values = {
            "given_name": given,
            "family_name": family,
            "email": f"{given.lower()}@{family.lower()}.example",
        }
        people.append(RouteItem(record=Record(name=f"sources/crm/records/{number:05}", values=values)))
    return people


def actions(results: list[RouteResult]) -> list[str]:
    """What was done with each, `ERROR` where it was refused."""
    return [
        IntakeAction.Name(result.answer.action).removeprefix("INTAKE_ACTION_")
        if result.HasField("answer")
        else "ERROR"
        for result in results
    ]


def stored(client: DedupClient) -> list[str]:
    """The names of all records, however many pages they take."""
    names: list[str] = []
    request = ListRecordsRequest(parent="sources/-", page_size=1000)
    while True:
        answer = client.records.ListRecords(request)
        names += [record.name for record in answer.records]
        request.page_token = answer.next_page_token
        if not request.page_token:
            return names


def test_people_are_routed_in_batches_with_a_result_each(client: DedupClient) -> None:
    """Batches are answered in order, and each item has its result at its own place."""
    bad = RouteItem(record=Record(name="sources/crm/records/bad", values={"no_such_field": "x"}))
    asked = [*items(0, 4), bad, *items(4, 3)]
    done = list(client.route(asked, batch_size=3))
    assert [len(batch.items) for batch in done] == [3, 3, 2]
    assert [batch.answer.sequence for batch in done] == [0, 1, 2]
    results = [result for batch in done for result in batch.answer.results]
    assert actions(results) == [*["INSERT"] * 4, "ERROR", *["INSERT"] * 3]
    assert [item for batch in done for item in batch.items] == asked
    assert len(stored(client)) == 7


def test_a_batch_knows_what_the_batch_before_it_inserted(client: DedupClient) -> None:
    """The same people again, in a later batch of the same stream, are updates."""
    done = list(client.route([*items(0, 3), *items(0, 3)], batch_size=3))
    assert actions(list(done[1].answer.results)) == ["UPDATE"] * 3
    assert len(stored(client)) == 3


def test_a_preview_of_batches_writes_nothing(client: DedupClient) -> None:
    """With `validate_only` each is answered, and nothing is stored."""
    [done] = client.route(items(0, 3), validate_only=True)
    assert actions(list(done.answer.results)) == ["INSERT"] * 3
    assert not done.answer.revision.token
    assert stored(client) == []


def test_a_broken_stream_of_people_is_taken_up_again(desk: ServedDesk, client: DedupClient) -> None:
    """The service goes away half-way: everybody is routed, and each once."""
    batches = client.route(items(0, 40), batch_size=4)
    done = [next(batches) for _ in range(3)]
    desk.stop_answering()
    desk.answer_again()
    done += list(batches)
    results = [result for batch in done for result in batch.answer.results]
    assert len(results) == 40
    assert {"UPDATE", "ERROR"}.isdisjoint(actions(results))
    assert len(stored(client)) == 40
    intakes = client.intake.ListIntakes(ListIntakesRequest(page_size=1000)).intakes
    assert len(intakes) == 40


def test_large_people_make_smaller_batches(client: DedupClient) -> None:
    """Batches also fit into a message of the service."""
    large = [
        RouteItem(
            record=Record(
                name=item.record.name,
                kind=RecordKind.RECORD_KIND_CONTACT,
                values=dict(item.record.values) | {f"custom.note_{n}": "x" * 4000 for n in range(20)},
            )
        )
        for item in items(0, 24)
    ]
    done = list(client.route(large))
    assert len(done) > 1
    assert len(stored(client)) == 24
