"""What ended work leaves behind goes by itself: it holds values of whoever is erased meanwhile."""

import time

import psycopg
import redis

from dedup_service.workflows.vocabulary import VocabularyInUse
from tests.merge_desk import Office, contact
from tests.privacy.scanning import Forms, in_database
from tests.privacy.somebody import WORD


async def test_a_build_that_its_process_left_is_swept_away(office: Office, redis_url: str) -> None:
    """One that is silent goes with its keys, one that is being written stays."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        for epoch, touched in (("left", 1), ("fresh", int(time.time()) + 60)):
            client.hset("{dedup}:build", mapping={"epoch": epoch, "touched": touched})
            client.set(f"{{dedup}}:{epoch}:p:1", WORD)
            await office.index.clear_leftovers(10)
        assert client.exists("{dedup}:left:p:1") == 0
        assert client.exists("{dedup}:fresh:p:1") == 1
        client.delete("{dedup}:build", "{dedup}:fresh:p:1")
        client.sadd("{dedup}:garbage", "swept")
        client.set("{dedup}:swept:p:1", WORD)
        await office.index.clear_leftovers(10)
        assert client.exists("{dedup}:swept:p:1", "{dedup}:garbage") == 0


async def test_words_are_counted_anew_after_an_erasure(office: Office) -> None:
    """What the vocabulary knows of an erased person is asked for again, and of nobody without one."""
    await office.put(*(contact(f"p{number}", city="Zyxwvtown") for number in range(30)))
    words = VocabularyInUse(office.store, office.desk.rules)
    await words.renew()
    assert not await words.is_out_of_date()
    await office.put(contact("other"))
    assert not await words.is_out_of_date()
    await office.erase("p0")
    assert await words.is_out_of_date()
    await words.renew()
    assert not await words.is_out_of_date()


async def test_statistics_of_an_index_that_became_empty_go_too(office: Office, database_url: str) -> None:
    """ANALYZE leaves what it knew of the last values that were indexed."""
    await office.put(*(contact(name, tax_id=WORD) for name in "pq"))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ANALYZE records")
    assert "pg_stats.most_common_vals" in in_database(database_url, Forms((WORD.encode(),)))
    for name in "pq":
        await office.erase(name)
    await office.store.tidy_after_erasures()
    assert in_database(database_url, Forms((WORD.encode(),))) == set()
