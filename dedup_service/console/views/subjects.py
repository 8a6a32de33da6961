"""What somebody means who names a record or a golden record: its name, `source/id`, or its page's address."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from dedup_service.console.texts.languages import later as _

_RECORD = re.compile(r"sources/([a-z][a-z0-9._-]{0,62})/records/([^\s/]{1,200})")
_SHORT_RECORD = re.compile(r"([a-z][a-z0-9._-]{0,62})/([^\s/]{1,200})")
_GOLDEN = re.compile(r"(?:goldenRecords|golden-records)/([0-9A-Za-z-]{1,63})")
_BARE_GOLDEN = re.compile(r"[0-9a-f]{32}")
_RECORD_PAGE = re.compile(r"records/([^/]+)/([^/]+)")
_OTHER = re.compile(r"(?:mergeProposals|proposals|merges|distinctions|jobs|cleanupJobs)/.*")

EMPTY = _("Name a record or a golden record.")
OTHER = _("That names something else. Here only records and golden records can be compared.")
UNREADABLE = _(
    "That names no record. Write it as crm/4711, as sources/crm/records/4711 or as goldenRecords/7f3a, or "
    "paste the address of its page."
)


@dataclass(frozen=True, slots=True)
class Subject:
    """The resource name that was meant, or else why none could be read."""

    name: str
    problem: str = ""

    @property
    def is_golden(self) -> bool:
        return self.name.startswith("goldenRecords/")


def subject_of(text: str) -> Subject:
    """The record or golden record that a text names."""
    meant = text.strip()
    if not meant:
        return Subject("", EMPTY)
    path = _path_of(meant)
    if name := _golden_name(path) or _record_name(meant, path):
        return Subject(name)
    return Subject("", OTHER if _OTHER.fullmatch(path) else UNREADABLE)


def _golden_name(path: str) -> str:
    if found := _GOLDEN.fullmatch(path):
        return f"goldenRecords/{found[1]}"
    return f"goldenRecords/{path}" if _BARE_GOLDEN.fullmatch(path) else ""


def _record_name(meant: str, path: str) -> str:
    if _RECORD.fullmatch(meant):
        return meant
    if found := _RECORD_PAGE.fullmatch(path):
        name = f"sources/{unquote(found[1])}/records/{unquote(found[2])}"
        return name if _RECORD.fullmatch(name) else ""
    if (found := _SHORT_RECORD.fullmatch(meant)) and not _OTHER.fullmatch(path):
        return f"sources/{found[1]}/records/{found[2]}"
    return ""


def _path_of(text: str) -> str:
    """The path of an address that was pasted, whole or in part; of anything else the text."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    is_address = parts.scheme in {"http", "https"} or text.startswith("/")
    return parts.path.strip("/") if is_address else text
