"""FORMAT EMAIL: one address at which mail arrives."""

import re

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.web_addresses import HOST

MAX_CODE_POINTS = 254
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{HOST}", re.IGNORECASE)
_AT = re.compile(r"\s*(?:[(\[]\s*at\s*[)\]]|@+)\s*", re.IGNORECASE)
_DOTS = re.compile(r"\.{2,}")
_NAMED = re.compile(r"[^<>]*<([^<>]+)>")
_MESSAGE = "is no e-mail address: write it such as name@acme.com"


def email_problem(entry: Entry) -> Problem | None:
    """The problem with a text that is no e-mail address; the suggestion is the one that it holds."""
    text = entry.text
    if len(text) > MAX_CODE_POINTS:
        message = f"is longer than an e-mail address can be ({MAX_CODE_POINTS} characters)"
        return Problem(DataEntryRule.FORMAT, message)
    if _ADDRESS.fullmatch(text) and not text.endswith("."):
        return None
    if len(_ADDRESS.findall(text)) > 1:
        message = "holds several e-mail addresses: keep one, and write another into secondary_email"
        return Problem(DataEntryRule.FORMAT, message)
    return Problem(DataEntryRule.FORMAT, _MESSAGE, _mended(text))


def _mended(text: str) -> str:
    named = _NAMED.fullmatch(text)
    text = (named.group(1) if named else text).strip(" <>()[]{}\"'.,;:")
    if text[:7].casefold() == "mailto:":
        text = text[7:]
    local, at, domain = _AT.sub("@", text).rpartition("@")
    domain = _DOTS.sub(".", domain.replace(",", ".").replace(" ", ""))
    mended = _DOTS.sub(".", local.strip(". ")) + at + domain.strip(".")
    return mended if _ADDRESS.fullmatch(mended) else ""
