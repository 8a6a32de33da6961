"""Delegations are kept as they were given, and found while they hold."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from dedup_service.domain.delegations import Delegation
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ReadTransaction, Request, WriteTransaction, Written
from tests.merge_desk import JANUARY
from tests.store.pending_proposals import open_store

END = JANUARY + timedelta(days=10)
MOMENT = timedelta(microseconds=1)


def delegation(delegation_id: str, delegator: str = "users/ann", delegate: str = "users/ben") -> Delegation:
    return Delegation(delegation_id, delegator, delegate, ("sales",), JANUARY, END, "on leave", JANUARY, 1)


async def save(store: PostgresStore, *delegations: Delegation) -> None:
    async def work(tx: WriteTransaction) -> Written[int]:
        for each in delegations:
            await tx.save_delegation(each)
        return Written(0)

    await store.write(Request("users/ann", "CreateDelegation"), work, int)


async def list_delegations(page: Page, tx: ReadTransaction) -> Listed[Delegation]:
    return await tx.list_delegations(page)


async def holding(store: PostgresStore, now: datetime) -> tuple[Delegation, ...]:
    return await store.read(lambda tx: tx.delegations_holding(now))


async def test_a_delegation_comes_back_as_it_was_given(database_url: str) -> None:
    """Every part of it, an absence without a delegate too; an unknown id is None."""
    given, absence = delegation("d"), replace(delegation("e"), delegate="", functions=())
    async with open_store(database_url) as store:
        await save(store, given, absence)
        assert await store.read(lambda tx: tx.delegation("d")) == given
        assert await store.read(lambda tx: tx.delegation("e")) == absence
        assert await store.read(lambda tx: tx.delegation("f")) is None


@pytest.mark.parametrize(
    ("now", "holds"),
    [(JANUARY - MOMENT, False), (JANUARY, True), (END - MOMENT, True), (END, False)],
)
async def test_a_delegation_holds_from_its_start_until_its_end(
    database_url: str, now: datetime, holds: bool
) -> None:
    """The start is included and the end is not, as the domain says."""
    given = delegation("d")
    async with open_store(database_url) as store:
        await save(store, given)
        assert await holding(store, now) == ((given,) if holds else ())
    assert given.holds_at(now) is holds


async def test_a_delegation_taken_back_holds_no_longer(database_url: str) -> None:
    """Saved again with an earlier end, it is the same delegation and has ended."""
    now = JANUARY + timedelta(days=2)
    async with open_store(database_url) as store:
        await save(store, delegation("d"), delegation("b"))
        await save(store, replace(delegation("d"), end_time=now, revision=2))
        assert await holding(store, now) == (delegation("b"),)
        assert await holding(store, now - MOMENT) == (
            delegation("b"),
            replace(delegation("d"), end_time=now, revision=2),
        )


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ((), ["c", "a", "b", "d"]),
        ((Condition("delegator", Operator.EQUALS, "users/ann"),), ["a", "b"]),
        ((Condition("delegate", Operator.EQUALS, "users/mia"),), ["c", "d"]),
        ((Condition("delegate", Operator.NOT_EQUALS, "users/mia"),), ["a", "b"]),
    ],
)
async def test_delegations_are_listed_oldest_first(
    database_url: str, conditions: tuple[Condition, ...], wanted: list[str]
) -> None:
    """In the order in which they were made, page by page, and by who gave or got them."""
    later = JANUARY + timedelta(hours=1)
    given = [
        replace(delegation("a"), create_time=later),
        replace(delegation("b"), create_time=later),
        delegation("c", "users/omar", "users/mia"),
        replace(delegation("d", "users/omar", "users/mia"), create_time=later + MOMENT),
    ]
    found: list[str] = []
    async with open_store(database_url) as store:
        await save(store, *given)
        page: Page | None = Page(conditions, size=1)
        while page is not None:
            part = await store.read(partial(list_delegations, page))
            found += [d.delegation_id for d in part.items]
            page = replace(page, after=part.next) if part.next is not None else None
    assert found == wanted
