"""The lists of provisional and mastered accounts say what the domain computes (domain 4.3)."""

import sys
from dataclasses import replace
from functools import partial

import psycopg
import pytest

from dedup_service.domain.golden import GoldenRecord, GoldenState
from dedup_service.domain.matching import NewRecord, comparable_of
from dedup_service.domain.records import RecordDraft, RecordState
from dedup_service.store.account_states import BLANKS
from dedup_service.store.postgres import PostgresStore
from dedup_service.workflows.filters import Condition, Operator
from dedup_service.workflows.pages import Listed, Page
from dedup_service.workflows.ports import ReadTransaction, Request, WriteTransaction, Written
from tests.merge_desk import account, contact, lead
from tests.store.pending_proposals import open_store

MASTERS = ("erp", "books")


def numbered(name: str, number: str) -> RecordDraft:
    return account(name, company_name="Company", customer_number=number)


async def put(
    store: PostgresStore, *members: RecordDraft, deleted: bool = False, state: GoldenState = GoldenState.LIVE
) -> None:
    """One golden record ``g`` of these members; `deleted` is the last of them when it is so."""

    async def work(tx: WriteTransaction) -> Written[int]:
        revision = await tx.revision()
        records = await tx.insert_records(
            [
                NewRecord(draft, comparable_of(draft), f"g{number}" if number else "g")
                for number, draft in enumerate(members)
            ],
            revision,
        )
        await tx.move_members([r.record_no for r in records], "g")
        if deleted:
            await tx.update_records([replace(records[-1], state=RecordState.DELETED)], {})
        row = (await tx.goldens(["g"]))["g"].row
        await tx.update_goldens([replace(row, state=state)])
        return Written(0)

    await store.write(Request("services/importer", "IngestRecords"), work, int)


async def list_goldens(page: Page, tx: ReadTransaction) -> Listed[GoldenRecord]:
    return await tx.list_goldens(page)


async def states(store: PostgresStore, masters: tuple[str, ...] = MASTERS) -> list[str]:
    """The filters under which the golden record ``g`` is listed."""
    found = []
    for operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        for state in ("MASTERED", "PROVISIONAL"):
            page = Page((Condition("account_state", operator, state),), master_sources=masters)
            listed = await store.read(partial(list_goldens, page))
            if any(golden.golden_id == "g" for golden in listed.items):
                found.append(f"{operator}{state}")
    return found


MASTERED = ["=MASTERED", "!=PROVISIONAL"]
PROVISIONAL = ["=PROVISIONAL", "!=MASTERED"]


@pytest.mark.parametrize(
    ("members", "wanted"),
    [
        ([numbered("erp/1", "C-1")], MASTERED),
        ([numbered("books/1", " C-1 ")], MASTERED),
        ([account("crm/1"), numbered("erp/1", "C-1")], MASTERED),
        ([numbered("erp/1", "")], PROVISIONAL),
        ([numbered("erp/1", BLANKS)], PROVISIONAL),
        ([account("erp/1")], PROVISIONAL),
        ([numbered("crm/1", "C-1")], PROVISIONAL),
        ([numbered("crm/1", "C-1"), account("erp/1")], PROVISIONAL),
        ([account("crm/1"), lead("erp/1", customer_number="C-1")], PROVISIONAL),
        ([contact("erp/1", customer_number="C-1")], []),
    ],
)
async def test_what_makes_an_account_mastered(
    database_url: str, members: list[RecordDraft], wanted: list[str]
) -> None:
    """A customer number that is not blank, on an account of a source of the customer master; nothing else."""
    async with open_store(database_url) as store:
        await put(store, *members)
        assert await states(store) == wanted


async def test_a_deleted_member_makes_nothing_mastered(database_url: str) -> None:
    """Only active members count; without an active account the record is neither."""
    async with open_store(database_url) as store:
        await put(store, account("crm/1"), numbered("erp/1", "C-1"), deleted=True)
        assert await states(store) == PROVISIONAL


async def test_an_account_without_an_active_account_record_is_neither(database_url: str) -> None:
    """A lead that is left alone in an account's golden record does not make it provisional."""
    async with open_store(database_url) as store:
        await put(store, account("crm/1"), deleted=True)
        assert await states(store) == []


async def test_only_live_accounts_are_listed(database_url: str) -> None:
    """What was deleted is neither provisional nor mastered."""
    async with open_store(database_url) as store:
        await put(store, numbered("erp/1", "C-1"), state=GoldenState.DELETED)
        assert await states(store) == []


async def test_a_policy_without_master_sources_has_no_mastered_accounts(database_url: str) -> None:
    """Which sources are of the customer master is the caller's to say, from the policy."""
    async with open_store(database_url) as store:
        await put(store, numbered("erp/1", "C-1"))
        assert await states(store, masters=()) == PROVISIONAL


def test_blank_is_what_the_domain_calls_blank() -> None:
    """The characters are those that Python strips, all of them."""
    assert sorted(BLANKS) == [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]


async def test_the_index_calls_the_same_characters_blank(database_url: str) -> None:
    """Spelled otherwise than in the condition, PostgreSQL would leave the index aside without a word."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        cursor = await connection.execute("SELECT pg_get_indexdef('records_numbered_accounts'::regclass)")
        [(definition,)] = await cursor.fetchall()
    assert f"'{BLANKS}'" in definition
