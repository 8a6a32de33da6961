"""Websites and the domains of a company's own mail."""

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.vocabulary import word_set

_PUBLIC = word_set("public_domains") | word_set("free_mail")
_SECOND_LEVEL = word_set("second_level")


def normalise_domain(text: str) -> str:
    """The registrable domain of a website or host ('https://www.shop.acme.co.uk/x' is acme.co.uk), or ''.

    Free-mail providers and public platforms give ''.
    """
    host = text.strip()[:1024].casefold()
    host = host.partition("://")[2] or host
    for end in "/?#:":
        host = host.partition(end)[0]
    parts = [part for part in host.split(".") if part]
    if len(parts) < 2 or " " in host:
        return ""
    size = 3 if len(parts) > 2 and len(parts[-1]) == 2 and parts[-2] in _SECOND_LEVEL else 2
    domain = ".".join(parts[-size:])
    return "" if domain in _PUBLIC or host.removeprefix("www.") in _PUBLIC else domain


def compare_domains(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are on the web, or send mail, under the same domain."""
    if not left.domains or not right.domains:
        return None
    if not set(left.domains).isdisjoint(right.domains):
        return _EXACT
    names = {domain.partition(".")[0] for domain in left.domains}
    if not names.isdisjoint(domain.partition(".")[0] for domain in right.domains):
        return _SAME_NAME
    return _DIFFERENT


_EXACT = Finding("exact", "same domain")
_SAME_NAME = Finding("same_name", "same domain name under another ending")
_DIFFERENT = Finding("different", "different domains")
