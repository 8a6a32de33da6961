"""The shared connection: every kind of address, and no call that hangs or gets another's answer."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
import uvloop
from redis.exceptions import ResponseError

from dedup_service.index.connection import ConnectionLostError, Script, SharedConnection
from tests.index.counted_writes import counting
from tests.index.ledger_in_memory import eventually
from tests.index.own_valkey import PASSWORD, USER, OwnValkey, answering, certificate_of, tls_front

CONNECT_SECONDS = 0.4
ANSWER_SECONDS = 0.4
# What a call may take at most that ends by a limit, on a busy machine.
LIMIT_SECONDS = 3.0
CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}@"
DOUBLE = Script("return {KEYS[1], ARGV[1] * 2}")

Connect = Callable[[str], SharedConnection]


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory with a path short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="dedup-test-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def valkey(home: Path) -> Iterator[OwnValkey]:
    server = OwnValkey(home)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes connections with short limits, closed at the end."""
    made: list[SharedConnection] = []

    def connect(url: str) -> SharedConnection:
        made.append(SharedConnection(url, connect_seconds=CONNECT_SECONDS, answer_seconds=ANSWER_SECONDS))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()
    # So that the transports end before their loop.
    await asyncio.sleep(0.01)


async def who_and_where(connection: SharedConnection) -> tuple[str, str]:
    """As whom and in which database the server has us."""
    text = await connection.ask("CLIENT", "INFO")
    said = dict(pair.split("=", 1) for pair in text.decode().split() if "=" in pair)
    return said["user"], said["db"]


async def outcomes(calls: list[Awaitable[Any]]) -> list[object]:
    """What each call answered or failed with, all within the limit."""
    async with asyncio.timeout(LIMIT_SECONDS):
        return list(await asyncio.gather(*calls, return_exceptions=True))


@pytest.mark.parametrize(
    ("address", "user", "database"),
    [
        ("unix://{socket}", "default", "0"),
        ("unix://{socket}?db=3", "default", "3"),
        (f"unix://{CREDENTIALS}{{socket}}?db=3", USER, "3"),
        ("redis://127.0.0.1:{port}", "default", "0"),
        (f"redis://{CREDENTIALS}127.0.0.1:{{port}}/5", USER, "5"),
        ("redis://localhost:{port}?db=2", "default", "2"),
    ],
)
async def test_the_url_says_where_and_who(
    valkey: OwnValkey, connect: Connect, address: str, user: str, database: str
) -> None:
    """Over a socket and over TCP we are the user of the URL, in the database of the URL."""
    connection = connect(address.format(socket=valkey.socket, port=valkey.port))
    assert await who_and_where(connection) == (user, database)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
async def test_tls_takes_the_certificate_of_the_host_only(
    valkey: OwnValkey, connect: Connect, home: Path
) -> None:
    """rediss:// speaks with a host whose certificate we trust, and with no other."""
    own, others = certificate_of("localhost", home), certificate_of("elsewhere.example", home)
    async with tls_front(valkey.port, own) as port:
        trusting = f"rediss://{CREDENTIALS}localhost:{port}/4?ssl_ca_certs={own}"
        assert await who_and_where(connect(trusting)) == (USER, "4")
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await connect(f"rediss://localhost:{port}?ssl_ca_certs={others}").ask("PING")
        careless = f"rediss://localhost:{port}?ssl_cert_reqs=none&ssl_check_hostname=false"
        assert await connect(careless).ask("PING") == b"PONG"
    async with tls_front(valkey.port, others) as port:
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            await connect(f"rediss://localhost:{port}?ssl_ca_certs={others}").ask("PING")


async def test_large_answers_come_whole(valkey: OwnValkey, connect: Connect) -> None:
    """Answers that arrive in many pieces are put together, and large arguments are sent whole."""
    connection = connect(valkey.url)
    text = bytes(range(256)) * 4096
    assert await asyncio.gather(*(connection.ask("ECHO", text) for _ in range(3))) == [text] * 3


@pytest.mark.parametrize("credentials", [f"{USER}:wrong", "nobody:wrong"])
async def test_a_wrong_password_is_refused_without_repeating_it(
    valkey: OwnValkey, connect: Connect, credentials: str
) -> None:
    """Each call fails with the server's refusal, without name and password; nothing stays open."""
    connection = connect(f"redis://{credentials}@127.0.0.1:{valkey.port}")
    failed = await outcomes([connection.ask("PING") for _ in range(3)])
    assert [(type(each), str(each)) for each in failed] == [(ResponseError, "WRONGPASS")] * 3
    await eventually(lambda: alone(valkey))


async def alone(valkey: OwnValkey, others: int = 0) -> bool:
    """Whether the server has no more clients than these and the one that asks."""
    with redis.Redis.from_url(valkey.url) as client:
        return len(client.client_list()) == others + 1


async def test_a_refusal_is_of_its_call_alone(valkey: OwnValkey, connect: Connect) -> None:
    """What the server refuses is raised to who asked for it; those beside it are answered."""
    connection = connect(valkey.url)
    before, refused, after = await outcomes(
        [connection.ask("ECHO", "before"), connection.ask("NO-SUCH"), connection.ask("ECHO", "after")]
    )
    assert (before, after) == (b"before", b"after")
    assert isinstance(refused, ResponseError)
    broken = Script("return redis.call('INCR', KEYS[1], 'too', 'many')")
    with pytest.raises(ResponseError):
        await connection.run(broken, ["key"])


async def test_a_server_that_hangs_ends_its_calls(valkey: OwnValkey, connect: Connect) -> None:
    """All that wait fail within the limit, so does who comes then; when it goes on, so do we."""
    connection = connect(valkey.url)
    await connection.ask("PING")
    with valkey.frozen():
        first = await outcomes([connection.ask("PING") for _ in range(5)])
        second = await outcomes([connection.ask("PING")])
    assert [type(each) for each in (*first, *second)] == [ConnectionLostError] * 6
    assert await connection.ask("ECHO", "again") == b"again"
    await eventually(lambda: alone(valkey, others=1))


async def test_a_server_that_hangs_at_the_greeting_ends_its_calls(
    valkey: OwnValkey, connect: Connect
) -> None:
    """Calls that wait for one connection fail together, not one limit after the other; none stays open."""
    connection = connect(f"redis://{CREDENTIALS}127.0.0.1:{valkey.port}/1")
    with valkey.frozen():
        begin = time.monotonic()
        failed = await outcomes([connection.ask("PING") for _ in range(20)])
        assert time.monotonic() - begin < 4 * CONNECT_SECONDS
    assert {type(each) for each in failed} == {TimeoutError}
    assert await connection.ask("PING") == b"PONG"
    await eventually(lambda: alone(valkey, others=1))


async def test_answers_in_time_keep_the_connection(valkey: OwnValkey, connect: Connect) -> None:
    """Calls one after the other, for longer than the limit of each, stay on one connection."""
    connection = connect(valkey.url)
    number = await connection.ask("CLIENT", "ID")
    end = time.monotonic() + 3 * ANSWER_SECONDS
    while time.monotonic() < end:
        assert await connection.ask("CLIENT", "ID") == number
        await asyncio.sleep(ANSWER_SECONDS / 8)


async def test_a_killed_server_fails_all_that_wait(valkey: OwnValkey, connect: Connect) -> None:
    """kill -9 under calls: each fails at once; away it stays refused, and back it is found again."""
    connection = connect(valkey.url)
    await connection.ask("PING")
    with valkey.frozen():
        waiting = [asyncio.ensure_future(connection.ask("PING")) for _ in range(5)]
        await asyncio.sleep(0.01)
        valkey.kill()
        failed = await outcomes([*waiting])
    assert [isinstance(each, OSError) for each in failed] == [True] * 5
    assert isinstance((await outcomes([connection.ask("PING")]))[0], OSError)
    valkey.start()
    assert await connection.ask("ECHO", "again") == b"again"


async def test_a_connection_that_the_server_ends_is_made_again(valkey: OwnValkey, connect: Connect) -> None:
    """After the server has closed an idle connection the next call is answered over another."""
    connection = connect(valkey.url)
    first = await connection.ask("CLIENT", "ID")
    with redis.Redis.from_url(valkey.url) as client:
        client.client_kill_filter(_id=first)
    await asyncio.sleep(0.05)
    assert await connection.ask("CLIENT", "ID") > first


async def test_calls_at_once_share_one_connection(valkey: OwnValkey, connect: Connect) -> None:
    """However many come first together, one connection is made."""
    connection = connect(valkey.url)
    numbers = await asyncio.gather(*(connection.ask("CLIENT", "ID") for _ in range(50)))
    assert len(set(numbers)) == 1


async def test_a_script_that_the_server_forgot_is_sent_again(valkey: OwnValkey, connect: Connect) -> None:
    """A script runs the first time, again, and after SCRIPT FLUSH; and the server knows it from then on."""
    connection = connect(valkey.url)
    assert await connection.run(DOUBLE, ["first"], 21) == [b"first", 42]
    await connection.ask("SCRIPT", "FLUSH")
    answers = await asyncio.gather(*(connection.run(DOUBLE, [f"k{no}"], no) for no in range(10)))
    assert answers == [[f"k{no}".encode(), 2 * no] for no in range(10)]
    assert await connection.ask("SCRIPT", "EXISTS", DOUBLE.digest) == [1]


async def test_a_cancelled_call_leaves_the_others_their_answers(valkey: OwnValkey, connect: Connect) -> None:
    """Cancelled before it was sent, or while it waits, a call takes no answer that is another's."""
    connection = connect(valkey.url)
    await connection.ask("PING")
    calls = [asyncio.create_task(connection.ask("ECHO", str(no))) for no in range(9)]
    await asyncio.sleep(0)
    calls[0].cancel()
    with valkey.frozen():
        calls += [asyncio.create_task(connection.ask("ECHO", str(no))) for no in range(9, 18)]
        await asyncio.sleep(0.02)
        calls[9].cancel()
        calls[13].cancel()
        await asyncio.sleep(0)
    answers = await outcomes([*calls])
    kept = [no for no in range(18) if no not in {0, 9, 13}]
    assert [answers[no] for no in kept] == [str(no).encode() for no in kept]
    assert [type(answers[no]) for no in (0, 9, 13)] == [asyncio.CancelledError] * 3


async def test_who_gives_up_connecting_takes_nobody_along(valkey: OwnValkey, connect: Connect) -> None:
    """A call cancelled while it makes the connection leaves those that wait for it their answers, and no
    connection that nobody uses.
    """
    connection = connect(f"redis://{CREDENTIALS}127.0.0.1:{valkey.port}/1")
    with valkey.frozen():
        first, *others = [asyncio.create_task(connection.ask("ECHO", str(no))) for no in range(5)]
        await asyncio.sleep(0.02)
        first.cancel()
    answers = await outcomes([*others])
    assert answers == [str(no).encode() for no in range(1, 5)]
    await eventually(lambda: alone(valkey, others=1))


async def test_closing_ends_what_waits(valkey: OwnValkey, connect: Connect) -> None:
    """Calls that are not answered when the connection is closed fail at once."""
    connection = connect(valkey.url)
    await connection.ask("PING")
    with valkey.frozen():
        waiting = [asyncio.ensure_future(connection.ask("PING")) for _ in range(3)]
        await asyncio.sleep(0.01)
        connection.close()
        assert {type(each) for each in await outcomes([*waiting])} == {ConnectionLostError}


async def test_a_server_that_takes_no_writes_is_left(valkey: OwnValkey, connect: Connect) -> None:
    """The refusal of a replica is raised, its connection ends, and the next call asks anew where to go."""
    connection = connect(valkey.url)
    first = await connection.ask("CLIENT", "ID")
    with redis.Redis.from_url(valkey.url) as client:
        client.replicaof("127.0.0.1", "1")
        with pytest.raises(ResponseError, match="READONLY"):
            await connection.ask("SET", "key", "value")
        await eventually(lambda: alone(valkey, others=1))
        client.replicaof("NO", "ONE")
    assert await connection.ask("SET", "key", "value") == b"OK"
    assert await connection.ask("CLIENT", "ID") > first


async def test_calls_on_a_connection_that_was_left_end(valkey: OwnValkey, connect: Connect) -> None:
    """Who still waits on a connection that was left fails within the limit like everybody."""
    connection = connect(valkey.url)
    await connection.ask("REPLICAOF", "127.0.0.1", "1")
    refused, never_answered = await outcomes(
        [connection.ask("SET", "key", "value"), connection.ask("XREAD", "BLOCK", 0, "STREAMS", "none", "0")]
    )
    assert isinstance(refused, ResponseError)
    assert isinstance(never_answered, ConnectionLostError)


async def test_what_is_no_answer_ends_the_connection(connect: Connect) -> None:
    """From a server that speaks another language nothing is taken; the call fails, the next tries again."""
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+PONG\r\n") as (port, _):
        connection = connect(f"redis://127.0.0.1:{port}")
        assert [type(each) for each in await outcomes([connection.ask("PING")])] == [ConnectionLostError]
        assert await connection.ask("PING") == b"PONG"


async def test_an_answer_too_many_shifts_no_other(connect: Connect) -> None:
    """After an answer that nobody asked for the connection is not used again."""
    async with answering(b"+FIRST\r\n+TOO-MANY\r\n", b"+PONG\r\n") as (port, made):
        connection = connect(f"redis://127.0.0.1:{port}")
        assert await connection.ask("PING") == b"FIRST"
        await asyncio.sleep(0.01)
        assert await connection.ask("PING") == b"PONG"
        assert len(made) == 2


@pytest.mark.parametrize("loop_class", [asyncio.SelectorEventLoop, uvloop.Loop])
def test_calls_of_one_turn_go_out_in_one_write(valkey: OwnValkey, loop_class: Any) -> None:
    """A hundred calls made at once are one write; the next, one turn after, another."""
    counted, writes = counting(loop_class)

    async def call() -> None:
        connection = SharedConnection(valkey.url, connect_seconds=5, answer_seconds=5)
        await connection.ask("PING")
        writes.clear()
        answers = await asyncio.gather(*(connection.ask("ECHO", str(no)) for no in range(100)))
        assert answers == [str(no).encode() for no in range(100)]
        assert len(writes) == 1
        await connection.ask("PING")
        assert len(writes) == 2
        connection.close()
        await asyncio.sleep(0.01)

    with asyncio.Runner(loop_factory=counted) as runner:
        runner.run(call())
