"""E-mail addresses: one person's, or a mailbox that several people share."""

import re
from functools import lru_cache

from rapidfuzz.distance import DamerauLevenshtein

from scoring.comparables import Comparable
from scoring.findings import Finding
from scoring.text import digits
from scoring.vocabulary import known_given_names, word_map, word_set

MAX_CODE_POINTS = 320
MAX_ADDRESSES = 4
_ROLES = word_set("role_mailboxes")
_FREE_MAIL = word_set("free_mail")
_PUBLIC = word_set("public_domains")
_PLACEHOLDERS = word_set("mail_placeholders")
_DOMAINS = word_map("mail_domains")
_SEPARATORS = {ord(mark): None for mark in "._-"}
_LETTERS_ALONE = {ord(mark): None for mark in "0123456789._-"}
# Digits for the letters that they look like: what 'gmai1.com' was read from.
_MISREAD = str.maketrans("015", "ols")
_TOKENS = re.compile(r"[._-]+")
_PLAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:|\"]+@[^\s<>()\[\],;:|\"]+")
_MIN_FREQUENT_LOCAL = 6
_MIN_SLIP = 5
_MIN_TWO_SLIPS = 12
_MAX_SHORT_TOKEN = 2
_MIN_NUMBER = 2


def read_addresses(cell: str) -> list[tuple[str, bool]]:
    """The normalised addresses in one cell, and of each whether it belongs to a role."""
    if len(cell) <= MAX_CODE_POINTS and _PLAIN.fullmatch(cell):
        local, _, domain = cell.partition("@")
        address = _address(local, domain)
        return [(address, is_shared_mailbox(address))] if address else []
    return [
        (address, is_shared_mailbox(address))
        for text in split_emails(cell)
        if (address := normalise_email(text))
    ]


def split_emails(text: str) -> list[str]:
    """The addresses in one cell, at most four, as they are written; without any, the text itself."""
    text = text[: MAX_CODE_POINTS * MAX_ADDRESSES]
    if text.count("@") < 2:
        return [text]
    return _ADDRESS.findall(text)[:MAX_ADDRESSES] or [text]


def normalise_email(text: str) -> str:
    """Lower case, without plus-tag or Gmail's dots, known slips in providers' names put right; empty where
    the text is no address, or one that stands for none (none@none.com).
    """
    text = text.strip().casefold()[:MAX_CODE_POINTS]
    if _PLAIN.fullmatch(text):
        local, _, domain = text.partition("@")
    else:
        local, domain = _parts(text)
        if not local:
            return ""
    return _address(local, domain)


def _address(local: str, domain: str) -> str:
    """The address of its two parts, neither of them empty."""
    domain = _DOMAINS.get(domain, domain)
    if _is_placeholder(local, domain):
        return ""
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}" if local else ""


def _parts(text: str) -> tuple[str, str]:
    """What stands before and after the @ of a text that may have more around them; empty where it is no
    address.
    """
    text = text.removeprefix("mailto:")
    if text.endswith(">"):
        text = text[text.rfind("<") + 1 :]
    local, at, domain = text.rpartition("@")
    domain = domain.strip(" .>;,/'\"")
    local = local.strip(" <'\"").partition("+")[0].strip(".@")
    if not at or "." not in domain or " " in local or " " in domain:
        return "", ""
    return local, domain


def is_shared_mailbox(email: str) -> bool:
    """Whether an address belongs to a role (info@, sales@) and not to one person."""
    local = email.partition("@")[0]
    if local.isalpha():
        return local in _ROLES
    if local in _ROLES or _closed(local) in _ROLES:
        return True
    # 'info2' and 'sales.uk' are roles too.
    head = local.replace("_", ".").replace("-", ".").partition(".")[0].rstrip("0123456789")
    return head in _ROLES and (len(local) - len(head) <= len(".uk") or local[len(head) :].isdigit())


def own_domain(email: str) -> str:
    """The domain of an address where it says something of the employer; empty for free-mail providers."""
    domain = email.rpartition("@")[2]
    return "" if domain in _FREE_MAIL or domain in _PUBLIC else domain


def compare_email(left: Comparable, right: Comparable) -> Finding | None:
    """Claim: both are reached at the same address."""
    found = None
    if left.emails and right.emails:
        if len(left.emails) == len(right.emails) == 1:
            found = _compare_addresses(left.emails[0], right.emails[0])
        else:
            found = min(
                (_compare_addresses(first, second) for first in left.emails for second in right.emails),
                key=_rank,
            )
        if found.level in _OF_ONE_PERSON:
            return found
    if not left.shared_emails and not right.shared_emails:
        return found
    if both := set(left.shared_emails).intersection(right.shared_emails):
        return Finding("shared_mailbox", _SHARED, min(both))
    if (found is None or found is _DIFFERENT) and (domain := _organisation(left, right)):
        return Finding("same_domain", _SAME_DOMAIN, domain)
    return found


_EXACT = "same e-mail address"
_SHARED = "same e-mail address, but of a mailbox that several people share"
_SAME_DOMAIN = "e-mail addresses of the same organisation"
_CLOSE = "e-mail addresses differ by a slip of the pen"
_SAME_LOCAL = Finding(
    "same_local", "same name before the @ of the e-mail address, at another provider or written otherwise"
)
_DIFFERENT = Finding("different", "different e-mail addresses")
# Providers tell namesakes apart by a number, which is no slip of the pen.
_NUMBERED = Finding("numbered", "e-mail addresses of one provider that differ by a number, as namesakes have")
_RANK = {"exact": 0, "close": 1, "same_local": 2, "same_domain": 3, "different": 4, "numbered": 5}
_OF_ONE_PERSON = frozenset(("exact", "close", "same_local"))


def _rank(finding: Finding) -> tuple[int, str]:
    return _RANK[finding.level], finding.value


def _compare_addresses(first: str, second: str) -> Finding:
    if first == second:
        return Finding("exact", _EXACT, first)
    first_local, _, first_domain = first.partition("@")
    second_local, _, second_domain = second.partition("@")
    if first_domain == second_domain:
        return _compare_mailboxes(first, second)
    if first_local == second_local or (
        first_local[:1] == second_local[:1]
        and first_local.translate(_SEPARATORS) == second_local.translate(_SEPARATORS)
    ):
        if _is_domain_slip(first_domain, second_domain):
            return _close(first, second)
        is_telling = len(first_local) >= _MIN_FREQUENT_LOCAL and first_local not in known_given_names()
        return _SAME_LOCAL if is_telling else _DIFFERENT
    return _close(first, second) if _is_slip(first, second) else _DIFFERENT


def _close(first: str, second: str) -> Finding:
    return Finding("close", _CLOSE, "~".join(sorted((first, second))))


def _compare_mailboxes(one: str, other: str) -> Finding:
    """Two addresses of one provider or organisation."""
    first, _, domain = one.partition("@")
    second = other.partition("@")[0]
    if first.translate(_SEPARATORS) == second.translate(_SEPARATORS):
        return _SAME_LOCAL
    if _letters(first) == _letters(second) != "":
        return _NUMBERED if _are_numbered(first, second) else _close(one, other)
    if _is_local_slip(first, second):
        return _close(one, other)
    if domain in _FREE_MAIL or domain in _PUBLIC:
        return _DIFFERENT
    if _is_abbreviated(first, second) or _is_abbreviated(second, first):
        return _SAME_LOCAL
    return Finding("same_domain", _SAME_DOMAIN, domain)


def _is_domain_slip(first: str, second: str) -> bool:
    """Whether one domain is the other's slip: two providers whose names are alike are none, nor are
    numbers ('acme1.com', 'acme2.com').
    """
    if first in _FREE_MAIL and second in _FREE_MAIL:
        return False
    if _are_numbered(first, second) and first.translate(_MISREAD) != second.translate(_MISREAD):
        return False
    return _edits(first, second) <= (2 if min(len(first), len(second)) >= 8 else 1)


def _is_slip(first: str, second: str) -> bool:
    """Whether two addresses, alike in neither part, are one with slips: up to one in every six letters."""
    allowed = min(4, min(len(first), len(second)) // 6)
    if allowed < 2 or abs(len(first) - len(second)) > allowed:
        return False
    if DamerauLevenshtein.distance(first, second, score_cutoff=allowed) > allowed:
        return False
    first_local, _, first_domain = first.partition("@")
    second_local, _, second_domain = second.partition("@")
    if first_domain in _FREE_MAIL and second_domain in _FREE_MAIL:
        return False
    if _are_numbered(first_domain, second_domain):
        return False
    if _letters(first_local) == _letters(second_local):
        return False
    # 'j.smith@acme.com' and 'k.smith@acme.co' are colleagues; an @ out of place is a slip of the whole.
    is_moved = abs(len(first_local) - len(second_local)) > 1
    return is_moved or _is_local_slip(first_local, second_local, is_long=True)


@lru_cache(maxsize=65536)
def _is_local_slip(first: str, second: str, *, is_long: bool = False) -> bool:
    """Whether two names before the @ differ by no more than a slip, which tells nobody apart.

    Colleagues differ by an initial ('j.smith', 'ksmith') or by a name that exists ('john.smith',
    'joan.smith'); neither is a slip. Two slips are taken in long names only.
    """
    shorter, longer = sorted((first, second), key=len)
    allowed = 2 if is_long or len(shorter) >= _MIN_TWO_SLIPS else 1
    if (len(shorter) < _MIN_SLIP and not is_long) or len(longer) - len(shorter) > allowed:
        return False
    is_other_number = digits(first) and digits(second) and _are_numbered(first, second)
    if is_other_number or DamerauLevenshtein.distance(first, second, score_cutoff=allowed) > allowed:
        return False
    ours, theirs = _TOKENS.split(first), _TOKENS.split(second)
    if len(ours) != len(theirs):
        return True
    known = known_given_names()
    for one, other in zip(ours, theirs, strict=True):
        if one == other:
            continue
        if min(len(one), len(other)) <= _MAX_SHORT_TOKEN or (one in known and other in known):
            return False
        if len(ours) == 1 and len(one) == len(other) and one[1:] == other[1:]:
            return False
    return True


@lru_cache(maxsize=65536)
def _is_abbreviated(short: str, full: str) -> bool:
    """Whether 'jsmith', 'smithj' or 'j.smith' may be 'john.smith' at one organisation."""
    tokens = _TOKENS.split(full)
    if len(tokens) != 2 or min(map(len, tokens)) <= 1:
        return False
    given, family = tokens
    forms = {given[0] + family, family + given[0], given + family[0]}
    return len(family) > _MAX_SHORT_TOKEN and short.translate(_SEPARATORS) in forms | {family + given}


def _organisation(left: Comparable, right: Comparable) -> str:
    """The domain that a mailbox of several people on one side shares with the other side's mail, or ''."""
    first = {own_domain(email) for email in left.emails + left.shared_emails} - {""}
    return min(
        first.intersection(own_domain(email) for email in right.emails + right.shared_emails), default=""
    )


def _is_placeholder(local: str, domain: str) -> bool:
    closed = _closed(local)
    if closed not in _PLACEHOLDERS:
        return len(closed) <= _MAX_SHORT_TOKEN and closed == domain.partition(".")[0]
    name = domain.partition(".")[0]
    return closed not in _ROLES or name in _PLACEHOLDERS or domain in _FREE_MAIL


def _closed(local: str) -> str:
    """Without the marks that may stand between the words of what is before the @."""
    if local.isalnum():
        return local
    return local.replace(".", "").replace("_", "").replace("-", "")


def _letters(local: str) -> str:
    return local.translate(_LETTERS_ALONE)


def _are_numbered(first: str, second: str) -> bool:
    """Whether a number tells two namesakes apart: one has none, or theirs are no slip of one another.

    Another digit makes another number, as employers and universities count (emp1001, emp1002); a slip leaves
    one out, doubles one, or changes the places of two.
    """
    ours, theirs = digits(first), digits(second)
    if ours == theirs:
        return False
    if min(len(ours), len(theirs)) < _MIN_NUMBER or _edits(ours, theirs) > 1:
        return True
    return len(ours) == len(theirs) and sorted(ours) != sorted(theirs)


def _edits(first: str, second: str) -> int:
    return DamerauLevenshtein.distance(first, second, score_cutoff=2)
