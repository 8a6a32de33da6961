"""Answers kept for requests that may be sent again: the same answer, and one effect (A-3)."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import psycopg

from dedup_service.domain.errors import RequestIdReused, StateNotAllowed
from dedup_service.store.rows import Row, decode, encode, text_array
from dedup_service.store.statements import statement
from dedup_service.workflows.ports import Request, Together

T = TypeVar("T")


async def found_answers(
    connection: psycopg.AsyncConnection, requests: Sequence[Request], kind: type[T]
) -> dict[int, T | RequestIdReused | StateNotAllowed]:
    """The answers kept for these requests of one principal, by place; ids are held until the write has ended.

    The same request in another write waits here, so that it finds the answer and not its effect.
    """
    ids = [request.request_id for request in requests if request.request_id]
    if not ids:
        return {}
    parameters = {"principal": requests[0].actor, "ids": ids}
    await connection.execute(statement("lock_requests").encode(), parameters)
    cursor = await connection.execute(statement("answers").encode(), parameters)
    rows = {row[0]: row[1:] for row in await cursor.fetchall()}
    return {
        place: _answer_of(request, rows[request.request_id], kind)
        for place, request in enumerate(requests)
        if request.request_id in rows
    }


def _answer_of(request: Request, row: Row, kind: type[T]) -> T | RequestIdReused | StateNotAllowed:
    method, digest, answer = row
    if answer is None and method == request.method:
        return StateNotAllowed(
            request.request_id, "ERASED", "the request was carried out; its answer was erased since"
        )
    if answer is None or (method, digest) != (request.method, request.digest):
        return RequestIdReused(request.request_id)
    return decode(bytes(answer), kind)


async def keep_answers(
    connection: psycopg.AsyncConnection, requests: Sequence[Request], done: Together[T], time: datetime
) -> None:
    """Keep what these requests were answered; those without an id are not sent again."""
    kept = [
        (request, result, subjects)
        for request, result, subjects in zip(requests, done.results, done.subjects, strict=True)
        if request.request_id
    ]
    await connection.execute(
        statement("insert_answers").encode(),
        {
            "principal": requests[0].actor,
            "method": requests[0].method,
            "time": time,
            "ids": [request.request_id for request, _, _ in kept],
            "digests": [request.digest for request, _, _ in kept],
            "answers": [encode(result) for _, result, _ in kept],
            "subjects": [text_array(subjects) for _, _, subjects in kept],
        },
    )
