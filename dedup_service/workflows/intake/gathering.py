"""Single records that come while a write is under way are routed together, as the next write.

Every write takes the ledger head last and holds it until the disk has it: one record a write would be some
dozens a second, and others wait longer the more of them there are. Whoever comes alone is routed at once.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from dedup_service.domain.errors import DedupError
from dedup_service.domain.intake.answers import Result, Routed
from dedup_service.domain.principals import Principal
from dedup_service.workflows.deadlines import due_in, ended_in
from dedup_service.workflows.intake.items import Entry
from dedup_service.workflows.intake.routing import Routing
from dedup_service.workflows.ports import Request

# Larger ones would keep those who come next waiting for too long.
MOST_TOGETHER = 50
# Longer than a write waits for a lock. PostgreSQL may be silent, and the next group must not wait for ever.
LONGEST_SECONDS = 15.0
_END_SECONDS = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """Somebody's record until it is answered; given up when its caller has gone."""

    request: Request
    entry: Entry
    caller: Principal
    answer: asyncio.Future[Result]

    @property
    def given_up(self) -> bool:
        return self.answer.done()


# An audit entry names one principal and method; business that waits for nobody must not fail with what does.
_Kind = tuple[str, str, bool]


class Gathering:
    """Routes single records in groups, one group of a kind at a time in this process."""

    def __init__(self, routing: Routing) -> None:
        self._routing = routing
        self._waiting: dict[_Kind, deque[_Waiting]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def route(self, request: Request, entry: Entry, caller: Principal) -> Result:
        """Route one record, with those who come at the same time.

        Once its write is under way it is carried out, whether or not the caller still waits for the answer.

        Raises:
            as `Routing.route`; RequestIdReused, StateNotAllowed: as `Store.write`.
        """
        self._routing.check_caller([entry], caller)
        one = _Waiting(request, entry, caller, asyncio.get_running_loop().create_future())
        kind = (caller.name, request.method, entry.must_transact)
        if kind in self._waiting:
            self._waiting[kind].append(one)
        else:
            self._waiting[kind] = deque([one])
            task = asyncio.create_task(self._run(kind), name="gathered intakes")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await one.answer

    async def _run(self, kind: _Kind) -> None:
        waiting = self._waiting[kind]
        try:
            while waiting:
                if group := _next_group(waiting):
                    await self._together(group)
        finally:
            del self._waiting[kind]
            for one in waiting:
                one.answer.cancel()

    async def _together(self, group: list[_Waiting]) -> None:
        # Of this group's own, whatever the call had that came first.
        due_in(LONGEST_SECONDS)
        try:
            async with ended_in(LONGEST_SECONDS, _END_SECONDS):
                answers = await self._routing.route_together(
                    [one.request for one in group], [one.entry for one in group], group[0].caller
                )
        except DedupError as error:
            _refuse(group, error)
        except Exception as error:  # noqa: BLE001 -- whatever one of them met is not to be the others'
            if len(group) == 1:
                _refuse(group, error)
                return
            for one in group:
                await self._together([one])
        else:
            for one, answer in zip(group, answers, strict=True):
                _answer(one, answer)


def _next_group(waiting: deque[_Waiting]) -> list[_Waiting]:
    """The next to go, without those who have given up; the same request again waits for its answer."""
    group: list[_Waiting] = []
    later: list[_Waiting] = []
    ids: set[str] = set()
    while waiting and len(group) < MOST_TOGETHER:
        one = waiting.popleft()
        request_id = one.request.request_id
        if one.given_up:
            continue
        if request_id and request_id in ids:
            later.append(one)
            continue
        ids.add(request_id)
        group.append(one)
    waiting.extendleft(reversed(later))
    return group


def _answer(one: _Waiting, answer: Routed | DedupError) -> None:
    if one.given_up:
        return
    if isinstance(answer, DedupError):
        one.answer.set_exception(answer)
    else:
        one.answer.set_result(answer.results[0])


def _refuse(group: Iterable[_Waiting], error: Exception) -> None:
    for one in group:
        if not one.given_up:
            one.answer.set_exception(error)
