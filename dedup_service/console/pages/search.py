"""Looking somebody up before making another: one box over all kinds."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import grpc
from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.views import addresses, searching
from dedup_service.console.views.search_results import (
    MOST_LOOKED_AT,
    MOST_RESULTS,
    Found,
    hits_of,
    results_of,
)
from dedup_service.console.visit import Visit
from dedup_service.v1.golden_record_service_pb2 import (
    BatchGetGoldenRecordsRequest,
    GoldenRecord,
    Identifier,
    LookupGoldenRecordRequest,
    LookupGoldenRecordResponse,
)
from dedup_service.v1.match_service_pb2 import MatchRequest, MatchResponse

_IDENTIFIER_FIELDS = ("customer_number", "tax_id", "registration_number")
_PASSED_OVER = frozenset({grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT})

A_co = TypeVar("A_co", covariant=True)
A = TypeVar("A")


class UnderWay(Protocol[A_co]):
    """A call whose answer is asked for when it is needed."""

    def result(self) -> A_co: ...


def show(visit: Visit) -> Response:
    """The box, and what was found; to a script only what was found."""
    reading = searching.read(visit.query.get("q", ""))
    found = _found(visit, reading)
    if not visit.is_partial and found.opens:
        return visit.redirect(found.opens[0])
    template = "parts/search_results.html.jinja" if visit.is_partial else "search.html.jinja"
    return visit.render(template, reading=reading, found=found, intake_url=_intake_url(reading))


def _intake_url(reading: searching.Reading) -> str:
    """The form of a new record, with what was typed in its fields."""
    kind = "company" if reading.is_company else "person"
    return addresses.with_query("/intake", {"kind": kind, **reading.values})


def _found(visit: Visit, reading: searching.Reading) -> Found:
    if reading.asks_nothing:
        return Found()
    if reading.name:
        return Found(opens=_pages_of(visit, reading.name))
    stubs = visit.desk
    matching = [
        stubs.matches.Match.future(
            MatchRequest(candidate=candidate, min_probability=0.0, page_size=MOST_LOOKED_AT, explain=True)
        )
        for candidate in reading.candidates
    ]
    asked = [
        LookupGoldenRecordRequest(identifier=Identifier(field=field, value=value))
        for value in reading.identifiers
        for field in _IDENTIFIER_FIELDS
    ]
    if reading.record:
        asked.append(LookupGoldenRecordRequest(record=reading.record))
    looking = [stubs.golden_records.LookupGoldenRecord.future(each) for each in asked]
    looked_up = [
        golden.name
        for answer in _answers(looking, LookupGoldenRecordResponse)
        for golden in answer.golden_records
    ]
    if reading.record:
        return Found(opens=(addresses.of(reading.record),) if looked_up else ())
    answers = _answers(matching, MatchResponse)
    hits = hits_of(answers, looked_up)
    results = results_of(reading.text, hits, _golden_records(visit, [hit.golden_record for hit in hits]))
    incomplete = (each.detail for answer in answers for each in answer.incomplete_reasons)
    return Found(
        tuple(results[:MOST_RESULTS]), tuple(dict.fromkeys(incomplete)), max(0, len(results) - MOST_RESULTS)
    )


def _pages_of(visit: Visit, name: str) -> tuple[str, ...]:
    """The page about a resource, where it is there."""
    if not name.startswith("goldenRecords/"):
        return (addresses.of(name),)
    try:
        return tuple(addresses.of(golden.name) for golden in _golden_records(visit, [name]))
    except ServiceError as error:
        if error.code in _PASSED_OVER:
            return ()
        raise


def _golden_records(visit: Visit, names: Sequence[str]) -> Sequence[GoldenRecord]:
    if not names:
        return ()
    answer = visit.desk.golden_records.BatchGetGoldenRecords(BatchGetGoldenRecordsRequest(names=names))
    return answer.golden_records


def _answers(calls: Iterable[UnderWay[A]], empty: Callable[[], A]) -> list[A]:
    """The answers of all calls; one that refuses what was typed, or knows none, has found nothing."""
    answers: list[A] = []
    for call in calls:
        try:
            answers.append(call.result())
        except ServiceError as error:
            if error.code not in _PASSED_OVER:
                raise
            answers.append(empty())
    return answers
