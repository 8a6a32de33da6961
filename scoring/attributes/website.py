"""Websites and the domains of a company's own mail.

On a platform that many companies share, a page is the company's own: a sub-domain, or a path.
"""

import re

from rapidfuzz.distance import OSA

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.vocabulary import word_set

_PUBLIC = word_set("public_domains") | word_set("free_mail")
_SECOND_LEVEL = word_set("second_level")
# Under these endings companies register at the second level alone, but for what is sold like an ending.
_FLAT = frozenset(
    ("de", "fr", "nl", "be", "ch", "it", "dk", "se", "no", "fi", "cz", "sk", "eu", "io", "ai", "tv", "me")
)
_SOLD = frozenset(("co", "com"))
_SUBDOMAIN_PLATFORMS = word_set("subdomain_platforms")
_PATH_PLATFORMS = word_set("path_platforms")
# Parts of a path that lead to a page but do not name it: linkedin.com/company/acme.
_LEADING_PARTS = frozenset(
    (
        "company",
        "companies",
        "in",
        "pages",
        "pg",
        "people",
        "school",
        "c",
        "channel",
        "user",
        "stores",
        "shop",
        "store",
        "groups",
        "p",
        "biz",
    )
)
_MAX_CODE_POINTS = 1024
_MIN_SLIP_LETTERS = 8
_TWO_PARTS = re.compile(r"(?:https?://)?(?:www\.)?((?!www\.)[a-z0-9-]+\.[a-z0-9-]+)/?")


def normalise_domain(text: str) -> str:
    """The registrable domain of a website or host ('https://www.shop.acme.co.uk/x' is acme.co.uk), or ''.

    A page on a platform is the platform and the page's name (facebook.com/acme, acme.wordpress.com); the
    platform alone and free-mail providers give ''.
    """
    if len(text) <= _MAX_CODE_POINTS and (found := _TWO_PARTS.fullmatch(text)):
        domain = found[1]
        is_shared = domain in _PUBLIC or domain in _PATH_PLATFORMS or domain in _SUBDOMAIN_PLATFORMS
        return "" if is_shared else domain
    address = text.strip()[:_MAX_CODE_POINTS].casefold()
    address = address.partition("://")[2] or address
    host, _, path = address.partition("/")
    for end in "?#:":
        host = host.partition(end)[0]
    host = host.rpartition("@")[2].strip(".").removeprefix("www.")
    parts = [part for part in host.split(".") if part]
    if len(parts) < 2 or " " in host:
        return ""
    domain = ".".join(parts[-_depth(parts) :])
    if domain in _PATH_PLATFORMS:
        return _page(domain, path)
    platform = ".".join(parts[-2:])
    if platform in _SUBDOMAIN_PLATFORMS:
        return f"{parts[-3]}.{platform}" if len(parts) > 2 else ""
    return "" if domain in _PUBLIC or host in _PUBLIC else domain


def compare_domains(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are on the web, or send mail, under the same domain.

    Pages on platforms are compared with pages of the same platform alone: a company may have both a page and
    a domain of its own.
    """
    first, second = left.domains, right.domains
    if not first or not second:
        return None
    if first == second or not set(first).isdisjoint(second):
        return _EXACT
    alike = comparable = False
    for domain in first:
        name, platform = parted(domain)
        for other in second:
            other_name, other_platform = parted(other)
            if platform == other_platform:
                comparable = True
                alike = alike or _are_alike(name, other_name)
    if not comparable:
        return None
    return _SAME_NAME if alike else _DIFFERENT


_EXACT = Finding("exact", "same domain")
_SAME_NAME = Finding("same_name", "same domain name under another ending, or with a slip of the pen")
_DIFFERENT = Finding("different", "different domains")


def _depth(parts: list[str]) -> int:
    """How many parts from the end are registered: three where the last two are an ending, as in co.uk."""
    if len(parts) < 3 or len(parts[-1]) != 2:
        return 2
    endings = _SOLD if parts[-1] in _FLAT else _SECOND_LEVEL
    return 3 if parts[-2] in endings else 2


def _page(platform: str, path: str) -> str:
    path = path.partition("?")[0].partition("#")[0]
    parts = [part for part in path.split("/") if part.strip("@") and part not in _LEADING_PARTS]
    return f"{platform}/{parts[0].strip('@')}" if parts and "." not in parts[0][-5:] else ""


def parted(domain: str) -> tuple[str, str]:
    """The name to compare, and the platform, empty for a domain of one's own."""
    platform, slash, page = domain.partition("/")
    if slash:
        return page, platform
    name, _, rest = domain.partition(".")
    return name, rest if rest in _SUBDOMAIN_PLATFORMS else ""


def _are_alike(name: str, other: str) -> bool:
    """Whether the names are one but for hyphens, or one slip in a long name without digits."""
    name, other = name.replace("-", ""), other.replace("-", "")
    if name == other:
        return True
    if min(len(name), len(other)) < _MIN_SLIP_LETTERS or not (name.isalpha() and other.isalpha()):
        return False
    return OSA.distance(name, other, score_cutoff=1) <= 1
