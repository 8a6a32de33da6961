"""E-mail addresses: one person's, or a mailbox that several people share."""

from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.vocabulary import word_set

MAX_CODE_POINTS = 320
_ROLES = word_set("role_mailboxes")
_FREE_MAIL = word_set("free_mail")
_PUBLIC = word_set("public_domains")
_DOTLESS = frozenset(("gmail.com", "googlemail.com"))


def normalise_email(text: str) -> str:
    """Lower case, without plus-tag or Gmail's dots; empty where the text is no address."""
    local, at, domain = text.strip().casefold()[:MAX_CODE_POINTS].removeprefix("mailto:").rpartition("@")
    domain = domain.strip(" .>;,")
    local = local.strip(" <").partition("+")[0]
    if not at or not local or "." not in domain or " " in local or " " in domain:
        return ""
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else ""


def is_shared_mailbox(email: str) -> bool:
    """Whether an address belongs to a role (info@, sales@) and not to one person."""
    local = email.partition("@")[0]
    return local in _ROLES or local.replace("-", "").replace("_", "").replace(".", "") in _ROLES


def own_domain(email: str) -> str:
    """The domain of an address where it says something of the employer; empty for free-mail providers."""
    domain = email.rpartition("@")[2]
    return "" if domain in _FREE_MAIL or domain in _PUBLIC else domain


def compare_email(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are reached at the same address."""
    if left.emails and right.emails:
        if not set(left.emails).isdisjoint(right.emails):
            return _EXACT
        found = min(
            (_compare_addresses(first, second) for first in left.emails for second in right.emails),
            key=_RANK.__getitem__,
        )
        if found is _CLOSE or found is _SAME_LOCAL:
            return found
    else:
        found = None
    if not set(left.shared_emails).isdisjoint(right.shared_emails):
        return _SHARED
    return found


_EXACT = Finding("exact", "same e-mail address")
_CLOSE = Finding("close", "e-mail addresses differ by a slip of the pen")
_SAME_LOCAL = Finding("same_local", "same name before the @ of the e-mail address, at another provider")
_SHARED = Finding("shared_mailbox", "same e-mail address, but of a mailbox that several people share")
_SAME_DOMAIN = Finding("same_domain", "e-mail addresses of the same organisation")
_DIFFERENT = Finding("different", "different e-mail addresses")
_RANK = {_EXACT: 0, _CLOSE: 1, _SAME_LOCAL: 2, _SAME_DOMAIN: 3, _DIFFERENT: 4}


def _compare_addresses(first: str, second: str) -> Finding:
    first_local, _, first_domain = first.partition("@")
    second_local, _, second_domain = second.partition("@")
    if first_local == second_local:
        if len(first_local) > 5:
            return _CLOSE if _edits(first_domain, second_domain) <= 2 else _SAME_LOCAL
        return _CLOSE if _edits(first_domain, second_domain) <= 1 else _DIFFERENT
    if first_domain == second_domain:
        if min(len(first_local), len(second_local)) > 4 and _edits(first_local, second_local) <= 1:
            return _CLOSE
        return _SAME_DOMAIN if own_domain(first) else _DIFFERENT
    if len(first) > 9 and _edits(first, second) <= 2:
        return _CLOSE
    return _DIFFERENT


def _edits(first: str, second: str) -> int:
    return DamerauLevenshtein.distance(first, second, score_cutoff=2)
