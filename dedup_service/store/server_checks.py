"""What a PostgreSQL server must be before the service trusts it with anything (A-2)."""

import psycopg

MINIMUM_VERSION = 150000


class UnsuitableServer(Exception):
    """The server is too old or would lose what was answered OK; says which setting to change."""


async def check_server(url: str, allow_unsafe_durability: bool) -> str:
    """Refuse an old server and one that does not flush commits; return its version as text.

    Raises:
        UnsuitableServer: naming every setting that is wrong and what to do.
        psycopg.OperationalError: when nothing answers at the URL.
    """
    async with await psycopg.AsyncConnection.connect(url, connect_timeout=5) as connection:
        cursor = await connection.execute(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'), "
            "current_setting('fsync'), current_setting('full_page_writes'), "
            "current_setting('synchronous_commit'), current_setting('server_encoding')"
        )
        row = await cursor.fetchone()
    assert row is not None, "a SELECT without FROM answers one row"
    number, version, fsync, full_page_writes, synchronous_commit, encoding = row
    problems = []
    if number < MINIMUM_VERSION:
        problems.append(f"it is PostgreSQL {version}; 15 or later is needed")
    if encoding != "UTF8":
        problems.append(f"the database's encoding is {encoding}; create it with encoding UTF8")
    if not allow_unsafe_durability:
        for name, value in (("fsync", fsync), ("full_page_writes", full_page_writes)):
            if value != "on":
                problems.append(f"{name} is {value}: an answered write could be lost; set it to on")
        if synchronous_commit == "off":
            problems.append("synchronous_commit is off: an answered write could be lost; set it to on")
    if problems:
        raise UnsuitableServer("PostgreSQL is not suitable: " + "; ".join(problems))
    return str(version)
