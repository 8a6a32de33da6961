"""FORMAT URL: the address of a website, with or without http."""

import re

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule

MAX_HOST_CODE_POINTS = 253
# Labels of letters of any script and digits; the last one has no digit, but for punycode (xn--p1ai).
_LABEL = r"[^\W_](?:[^\W_]|-){0,62}"
HOST = rf"(?:{_LABEL}\.){{1,10}}(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{2,59}})\.?"
_ADDRESS = re.compile(rf"(?:https?://)?{HOST}(?::\d{{1,5}})?(?:[/?#]\S*)?", re.IGNORECASE)
_SCHEME = re.compile(r"h?t{1,3}ps?\s*(?::\s*/{0,3}|/{2,3})\s*", re.IGNORECASE)
_MESSAGE = "is no address of a website: write it such as www.acme.com"


def url_problem(entry: Entry) -> Problem | None:
    """The problem with a text that is no web address; the suggestion has slips put right."""
    text = entry.text
    if _ADDRESS.fullmatch(text):
        return None
    if "@" in text and "/" not in text:
        message = "is an e-mail address: write it into email, and the address of the website here"
        return Problem(DataEntryRule.FORMAT, message)
    return Problem(DataEntryRule.FORMAT, _MESSAGE, _mended(text))


def host_of(text: str) -> str:
    """The host of a web address in lower case, with or without http before it."""
    rest = text.partition("://")[2] or text
    return re.split(r"[/?#:]", rest, maxsplit=1)[0].strip(". ").casefold()


def _mended(text: str) -> str:
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    rest = rest.replace(" ", "").rstrip(".,;")
    if rest.casefold().startswith("www,"):
        rest = rest[:3] + "." + rest[4:]
    secure = "https://" if scheme and "s" in scheme.group().casefold() else "http://"
    mended = (secure if scheme else "") + rest
    return mended if _ADDRESS.fullmatch(mended) else ""
