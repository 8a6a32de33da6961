"""E-mail addresses: one person's, or a mailbox that several people share."""

from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import digits
from scoring.vocabulary import word_set

MAX_CODE_POINTS = 320
_ROLES = word_set("role_mailboxes")
_FREE_MAIL = word_set("free_mail")
_PUBLIC = word_set("public_domains")
_SEPARATORS = {ord(mark): None for mark in "._-"}
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
        if both := set(left.emails).intersection(right.emails):
            return Finding("exact", _EXACT, min(both))
        found = min(
            (_compare_addresses(first, second) for first in left.emails for second in right.emails),
            key=_rank,
        )
        if found is _CLOSE or found is _SAME_LOCAL:
            return found
    else:
        found = None
    if both := set(left.shared_emails).intersection(right.shared_emails):
        return Finding("shared_mailbox", _SHARED, min(both))
    if (found is None or found is _DIFFERENT) and (domain := _organisation(left, right)):
        return Finding("same_domain", _SAME_DOMAIN, domain)
    return found


_EXACT = "same e-mail address"
_SHARED = "same e-mail address, but of a mailbox that several people share"
_SAME_DOMAIN = "e-mail addresses of the same organisation"
_CLOSE = Finding("close", "e-mail addresses differ by a slip of the pen")
_SAME_LOCAL = Finding(
    "same_local", "same name before the @ of the e-mail address, at another provider or with other dots"
)
_DIFFERENT = Finding("different", "different e-mail addresses")
# Providers tell namesakes apart by a number, which is no slip of the pen.
_NUMBERED = Finding("numbered", "e-mail addresses of one provider that differ by a number, as namesakes have")
_RANK = {"close": 0, "same_local": 1, "same_domain": 2, "different": 3, "numbered": 4}


def _rank(finding: Finding) -> tuple[int, str]:
    return _RANK[finding.level], finding.value


def _compare_addresses(first: str, second: str) -> Finding:
    first_local, _, first_domain = first.partition("@")
    second_local, _, second_domain = second.partition("@")
    if first_local == second_local:
        if len(first_local) > 5:
            return _CLOSE if _edits(first_domain, second_domain) <= 2 else _SAME_LOCAL
        return _CLOSE if _edits(first_domain, second_domain) <= 1 else _DIFFERENT
    if first_domain == second_domain:
        return _compare_mailboxes(first_local, second_local, first)
    return _CLOSE if len(first) > 9 and _edits(first, second) <= 2 else _DIFFERENT


def _compare_mailboxes(first: str, second: str, email: str) -> Finding:
    """Two mailboxes of one provider or organisation."""
    if first.translate(_SEPARATORS) == second.translate(_SEPARATORS):
        return _SAME_LOCAL
    if _letters(first) == _letters(second) != "":
        return _NUMBERED if _are_numbered(first, second) else _CLOSE
    if min(len(first), len(second)) > 4 and _edits(first, second) <= 1:
        return _CLOSE
    domain = own_domain(email)
    return Finding("same_domain", _SAME_DOMAIN, domain) if domain else _DIFFERENT


def _organisation(left: Comparable, right: Comparable) -> str:
    """The domain that a mailbox of several people on one side shares with the other side's mail, or ''."""
    if not left.shared_emails and not right.shared_emails:
        return ""
    first = {own_domain(email) for email in left.emails + left.shared_emails} - {""}
    return min(
        first.intersection(own_domain(email) for email in right.emails + right.shared_emails), default=""
    )


def _letters(local: str) -> str:
    return local.strip("0123456789._-")


def _are_numbered(first: str, second: str) -> bool:
    """Whether a number tells two namesakes apart: one has none, or theirs are no slip of one another."""
    numbers = digits(first), digits(second)
    return numbers[0] != numbers[1] and (min(map(len, numbers)) < 2 or _edits(*numbers) > 1)


def _edits(first: str, second: str) -> int:
    return DamerauLevenshtein.distance(first, second, score_cutoff=2)
