"""Names of resources in sentences of the service, made into links to their pages."""

import re
from collections.abc import Iterator

from markupsafe import Markup

from dedup_service.console.texts.marks import shown
from dedup_service.console.views import addresses

_SHORT_ID = 8
_ID = re.compile(r"[0-9a-f]{32}")
_NAMED = re.compile(
    # Not where the id goes on after a mark: half of an id would lead to another record.
    r"(?P<record>(?>sources/[a-z0-9._-]+/records/[^\s/,;:()\"]*[^\s/,;:()\".]))(?![,;:()\"/]\S)"
    r"|(?P<collection>goldenRecords|mergeProposals|merges|cleanupJobs)/(?P<id>[0-9A-Za-z-]+)"
)


def linked(text: str) -> Markup:
    """The text as `shown`, with each name of a record, golden record, proposal or merge as a link."""
    return Markup("").join(_pieces(text))


def short_name(name: str) -> str:
    """A resource name as it is read: a record as `crm/17`, a generated id by its first eight characters."""
    if name.startswith("sources/"):
        return f"{addresses.source_of(name)}/{addresses.id_of(name)}"
    collection, _, resource_id = name.partition("/")
    return f"{collection}/{resource_id[:_SHORT_ID]}" if _ID.fullmatch(resource_id) else name


def _pieces(text: str) -> Iterator[Markup]:
    start = 0
    for found in _NAMED.finditer(text):
        if found.start() > start:
            yield shown(text[start : found.start()], len(text))
        name = found[0]
        link = Markup('<a class="mention" href="{}" title="{}">{}</a>')
        yield link.format(addresses.of(name), name, shown(short_name(name)))
        start = found.end()
    if start < len(text):
        yield shown(text[start:], len(text))
