"""The address of the page about something, by its resource name."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

_PAGES = {
    "mergeProposals": "proposals",
    "merges": "merges",
    "goldenRecords": "golden-records",
    "cleanupJobs": "jobs",
}


def of(name: str) -> str:
    """The address of a resource: `goldenRecords/7f` has `/golden-records/7f`, a record `/records/crm/17`.

    Raises:
        KeyError: the console has no page for resources of that collection.
    """
    collection, _, rest = name.partition("/")
    if collection == "sources":
        source, _, record_id = rest.partition("/records/")
        return f"/records/{quote(source, safe='')}/{quote(record_id, safe='')}"
    return f"/{_PAGES[collection]}/{quote(rest, safe='')}"


def with_query(path: str, query: Mapping[str, str]) -> str:
    """An address with those parameters that say something."""
    told = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(told)}" if told else path


def source_of(record: str) -> str:
    """The source of a record's resource name."""
    return record.split("/")[1] if record.startswith("sources/") else ""


def id_of(name: str) -> str:
    """The last part of a resource name; of a record, its id in its source."""
    if name.startswith("sources/"):
        return name.partition("/records/")[2]
    return name.partition("/")[2]


def is_local(path: str) -> bool:
    """Whether this is an address of the console itself, to which a sign-in may lead on."""
    return (
        path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and path.isprintable()
        and "\\" not in path
    )
