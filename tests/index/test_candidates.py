"""Candidates: what a brute force over the blocking rules finds, or an answer that says it is short."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scoring
from dedup_service.domain.records import RecordKind
from dedup_service.index import RedisIndex, layout
from dedup_service.index.batches import batches_of
from dedup_service.index.rebuild import rebuild
from dedup_service.workflows.index_port import IncompleteReason, IndexUpdate
from tests.index.ledger_in_memory import ALL_KINDS, MemoryLedger, contents, entry, person

PEOPLE = [
    person(given, family, email, postal_code)
    for given in ("Ada", "Grace", "Alan")
    for family in ("Lovelace", "Hopper", "Turing")
    for email, postal_code in (("one@example.com", "10115"), ("two@example.com", "75001"), ("", "10115"))
]
STEPS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=8),
        st.one_of(st.none(), st.tuples(st.sampled_from(PEOPLE), st.sampled_from(ALL_KINDS))),
    ),
    max_size=25,
)


@pytest.fixture
async def index(redis_url: str) -> AsyncIterator[RedisIndex]:
    index = RedisIndex(redis_url, "store-1")
    await index.connect()
    await rebuild(index, MemoryLedger())
    yield index
    await index.close()


async def check_steps(
    redis_url: str,
    steps: list[tuple[int, tuple[scoring.Comparable, RecordKind] | None]],
    chunk: int,
) -> None:
    ledger = MemoryLedger()
    index = RedisIndex(redis_url, "store-1")
    await index.server.ask("FLUSHALL")
    await rebuild(index, ledger)
    known: set[int] = set()
    for record_no, state in steps:
        if state is None:
            ledger.commit(removals=[record_no])
            continue
        written = entry(record_no, *state)
        ledger.commit(inserts=[written]) if record_no not in known else ledger.commit(upserts=[written])
        known.add(record_no)
    for start in range(0, len(ledger.updates), chunk):
        await index.apply(ledger.updates[start : start + chunk], start)
    for query in PEOPLE[::4]:
        answer = await index.candidates(query, ALL_KINDS, len(ledger.updates))
        assert answer.complete
        assert {each.record_no for each in answer.candidates} == ledger.brute_force(query)
    maintained = contents(redis_url)
    assert (await index.status()).record_count == len(ledger.entries())
    await rebuild(index, ledger)
    assert contents(redis_url) == maintained
    status = await index.status()
    assert not status.defect
    keys = {key for each in ledger.entries().values() for key in scoring.blocking_keys(each.comparable)}
    assert (status.record_count, status.key_count) == (len(ledger.entries()), len(keys))
    await index.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, chunk=st.integers(min_value=1, max_value=9))
def test_any_history_gives_what_brute_force_gives(
    redis_url: str, steps: list[tuple[int, tuple[scoring.Comparable, RecordKind] | None]], chunk: int
) -> None:
    """After any writes the candidates equal brute force (D-1), and the index equals a fresh rebuild (D-6)."""
    asyncio.run(check_steps(redis_url, steps, chunk))


async def test_candidates_carry_what_scoring_needs(index: RedisIndex) -> None:
    """A candidate is the record as written, with the blocking keys that it shares with the query."""
    written = entry(7, person("Grace", "Hopper", "grace@example.com"), RecordKind.CONTACT)
    await index.apply([IndexUpdate(1, inserts=(written,))], 0)
    query = person("Grace", "Murray", "grace@example.com")
    (found,) = (await index.candidates(query, ALL_KINDS, 1)).candidates
    shared = set(scoring.blocking_keys(query)) & set(scoring.blocking_keys(written.comparable))
    assert (found.record_no, found.kind, found.comparable) == (7, RecordKind.CONTACT, written.comparable)
    assert found.shared_keys == tuple(sorted(shared))


async def test_only_the_kinds_asked_for(index: RedisIndex) -> None:
    """Records of other kinds are left out."""
    await index.apply(
        [IndexUpdate(1, inserts=(entry(1, person()), entry(2, person(), RecordKind.ACCOUNT)))], 0
    )
    answer = await index.candidates(person(), [RecordKind.ACCOUNT], 1)
    assert [each.record_no for each in answer.candidates] == [2]


async def test_an_index_that_is_behind_says_so(index: RedisIndex) -> None:
    """An answer from before `min_revision`, or from before what everybody may expect, is incomplete."""
    answer = await index.candidates(person(), ALL_KINDS, 3)
    assert [each.reason for each in answer.incomplete] == [IncompleteReason.INDEX_BEHIND]
    assert (await index.candidates(person(), ALL_KINDS, 0)).complete
    index.expect(2)
    assert not (await index.candidates(person(), ALL_KINDS, 0)).complete


async def test_updates_apply_once_and_in_order(index: RedisIndex) -> None:
    """What the index has is skipped, and what would leave a hole is not applied."""
    first, second = IndexUpdate(1, inserts=(entry(1),)), IndexUpdate(2, removals=(1,))
    assert await index.apply([second], 1) == 0
    assert await index.apply([first, second], 0) == 2
    assert await index.apply([first], 0) == 2
    assert (await index.status()).record_count == 0


async def test_an_insert_that_is_no_insert_leaves_no_ghost(index: RedisIndex) -> None:
    """A record said to be new that the index holds already loses its old keys all the same (D-2)."""
    await index.apply([IndexUpdate(1, inserts=(entry(1, person("Ada", "Lovelace", "old@example.com")),))], 0)
    await index.apply([IndexUpdate(2, inserts=(entry(1, person("Grace", "Hopper", "new@example.com")),))], 1)
    assert not (await index.candidates(person("Ada", "Lovelace", "old@example.com"), ALL_KINDS, 2)).candidates
    assert (await index.status()).record_count == 1


async def test_racing_appliers_keep_the_index_right(redis_url: str, index: RedisIndex) -> None:
    """Several followers that apply the same history at once leave what one alone would (D-6)."""
    ledger, chance = MemoryLedger(), random.Random(1)
    for revision in range(60):
        record_no = chance.randrange(1, 10)
        if record_no in ledger.entries():
            ledger.commit(upserts=[entry(record_no, chance.choice(PEOPLE))])
        else:
            ledger.commit(upserts=[entry(record_no, chance.choice(PEOPLE))], removals=[revision % 10 + 20])
    others = [RedisIndex(redis_url, "store-1") for _ in range(3)]

    async def follow(other: RedisIndex, stride: int) -> None:
        for start in range(0, 60, stride):
            await other.apply(ledger.updates[: start + stride], 0)

    await asyncio.gather(*(follow(other, stride) for other, stride in zip(others, (1, 3, 7), strict=True)))
    maintained = contents(redis_url)
    await rebuild(index, ledger)
    assert contents(redis_url) == maintained
    for other in others:
        await other.close()


async def test_long_keys_are_found_and_not_stored(index: RedisIndex, redis_url: str) -> None:
    """A blocking key over 64 bytes works like any other, but Redis holds its hash only."""
    address = "a" * 60 + "@" + "b" * 60 + ".example.com"
    written = person("Ada", "Lovelace", address)
    long_keys = [key for key in scoring.blocking_keys(written) if len(key) > 64]
    await index.apply([IndexUpdate(1, inserts=(entry(1, written),))], 0)
    answer = await index.candidates(person("Grace", "Hopper", address), ALL_KINDS, 1)
    assert [each.record_no for each in answer.candidates] == [1]
    assert long_keys
    keys = repr({name: held for name, held in contents(redis_url).items() if not name.startswith("b'p:")})
    assert not [key for key in long_keys if key in keys]


async def test_a_writer_that_lost_a_race_writes_nothing(index: RedisIndex) -> None:
    """What was computed for an older revision is refused as a whole, and the writer is told."""
    stale = await index.state(layout.META)
    assert stale is not None
    await index.apply([IndexUpdate(1, inserts=(entry(1),))], 0)
    (batch,) = batches_of([IndexUpdate(2, inserts=(entry(2),))])
    assert await index.write(layout.META, stale, batch) is None
    status = await index.status()
    assert (status.applied_revision, status.record_count) == (1, 1)


@pytest.mark.usefixtures("index")
async def test_a_hot_key_is_skipped_and_named(redis_url: str) -> None:
    """A key with too many members is not read, the answer names it, and it can be listed (D-5)."""
    small = RedisIndex(redis_url, "store-1", hot_key_limit=50)
    crowd = tuple(entry(no, person(email="info@example.com")) for no in range(1, 200))
    rare = person("Grace", "Hopper", "grace@example.com")
    query = person("Ada", "Hopper", "grace@example.com")
    await small.apply([IndexUpdate(1, inserts=(*crowd, entry(500, rare)))], 0)
    keys = scoring.blocking_keys(crowd[0].comparable)
    hot = {key for key in keys if scoring.most_members(key) is None}
    answer = await small.candidates(crowd[0].comparable, ALL_KINDS, 1)
    assert {each.blocking_key for each in answer.incomplete} == hot
    assert {each.reason for each in answer.incomplete} == {IncompleteReason.HOT_KEY_TRUNCATED}
    assert answer.candidates, "a query with hot keys only is still given some"
    assert {each.blocking_key for each in await small.hot_keys()} == hot
    other = await small.candidates(query, ALL_KINDS, 1)
    assert 500 in {each.record_no for each in other.candidates}
    await small.apply([IndexUpdate(2, removals=tuple(range(1, 190)))], 1)
    assert await small.hot_keys() == ()
    assert (await small.candidates(crowd[0].comparable, ALL_KINDS, 2)).complete
    await small.close()


async def test_a_selective_key_counts_while_few_have_it(index: RedisIndex) -> None:
    """A key that says something only of few makes candidates up to its limit, and none beyond; the answer is
    complete all the same, and the key is none of the hot ones.
    """
    query = person("Ada", "Lovelace", "ada@example.com")
    limit = scoring.blocking_rules()[0].most_members or 30
    heard = tuple(entry(no, person("Ada", "Lovelase", f"{no}@example.org")) for no in range(1, limit + 1))
    (selective,) = set(scoring.blocking_keys(query)) & set(scoring.blocking_keys(heard[0].comparable))
    assert scoring.most_members(selective) == limit
    await index.apply([IndexUpdate(1, inserts=heard)], 0)
    answer = await index.candidates(query, ALL_KINDS, 1)
    assert {each.record_no for each in answer.candidates} == set(range(1, limit + 1))
    assert await index.member_counts([selective, "n:nobody:has"]) == [limit, 0]
    one_more = entry(limit + 1, person("Ada", "Lovelase", "more@example.org"))
    await index.apply([IndexUpdate(2, inserts=(one_more,))], 1)
    answer = await index.candidates(query, ALL_KINDS, 2)
    assert (answer.candidates, answer.complete) == ((), True)
    assert await index.member_counts([selective]) == [limit + 1]
    assert await index.hot_keys() == ()
    await index.apply([IndexUpdate(3, removals=(1,))], 2)
    assert len((await index.candidates(query, ALL_KINDS, 3)).candidates) == limit


@pytest.mark.usefixtures("index")
async def test_too_many_candidates_keep_those_that_share_most(redis_url: str) -> None:
    """Over the limit the nearest stay, and the answer says that it was cut."""
    small = RedisIndex(redis_url, "store-1", candidate_limit=5)
    query = person("Ada", "Lovelace", "ada@example.com", "10115")
    far = tuple(entry(no, person("Ada", "Lovelace", f"{no}@example.org")) for no in range(1, 30))
    near = tuple(entry(no, query) for no in range(100, 103))
    await small.apply([IndexUpdate(1, inserts=(*far, *near))], 0)
    answer = await small.candidates(query, ALL_KINDS, 1)
    assert {100, 101, 102} <= {each.record_no for each in answer.candidates}
    assert len(answer.candidates) == 5
    assert [each.reason for each in answer.incomplete] == [IncompleteReason.HOT_KEY_TRUNCATED]
    await small.close()


async def test_a_long_selective_key_is_no_hot_key(redis_url: str, index: RedisIndex) -> None:
    """A key that is held as its hash still bears its rule, so that what is never truncated is not listed."""
    small = RedisIndex(redis_url, "store-1", hot_key_limit=50)
    place = {"street": "12 High Street", "city": "กรุงเทพมหานคร อมรรัตนโกสินทร์"}
    crowd = [
        scoring.prepare({"given_name": f"Given{no}", **place}, scoring.Entity.PERSON) for no in range(60)
    ]
    await index.apply([IndexUpdate(1, inserts=tuple(entry(no, one) for no, one in enumerate(crowd, 1)))], 0)
    (shared,) = set(scoring.blocking_keys(crowd[0])) & set(scoring.blocking_keys(crowd[1]))
    assert layout.stored_key(shared).startswith("#a:")
    assert await index.member_counts([shared]) == [60]
    assert await small.hot_keys() == ()
    await small.close()


async def test_an_index_of_another_way_serves_and_says_so(
    redis_url: str, index: RedisIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another release prepared is given as incomplete, is not written to, and is told from our own."""
    await index.apply([IndexUpdate(1, inserts=(entry(1),))], 0)
    monkeypatch.setattr(layout, "way", lambda: "another")
    other = RedisIndex(redis_url, "store-1")
    answer = await other.candidates(person(email="ada1@example.com"), ALL_KINDS, 1)
    assert [each.record_no for each in answer.candidates] == [1]
    assert [each.reason for each in answer.incomplete] == [IncompleteReason.INDEX_REBUILDING]
    assert "otherwise" in (await other.status()).defect
    assert await other.apply([IndexUpdate(2, inserts=(entry(2),))], 1) == 0
    assert (await index.candidates(person(email="ada1@example.com"), ALL_KINDS, 1)).complete
    await other.close()
