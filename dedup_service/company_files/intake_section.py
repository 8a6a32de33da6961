"""The section `intake` of a policy: when an account is recognised, what an update may change (domain 9)."""

import re
from collections.abc import Mapping
from decimal import Decimal

from dedup_service.company_files.places import Place
from dedup_service.domain.fields import FIELDS, group_of
from dedup_service.domain.intake.rules import IntakePolicy
from dedup_service.domain.records import RecordKind

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,251}\.[a-z0-9-]{2,63}")
_DOMAIN_RULE = "must be a domain in lower case, such as mail.example"
_QUEUE = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_QUEUE_RULE = "must be 1 to 63 lower-case letters, digits, - and _, beginning with a letter"
MAX_DOMAINS = 5000


def read_intake(place: Place, functions: Mapping[str, str]) -> IntakePolicy:
    """The rules of intake; what is left out is as shipped."""
    section = place.section(
        *(
            "update_from",
            "propose_from",
            "recognise_from",
            "domain_confidence",
            "shared_domains",
            "named_by",
            "current_by",
        ),
        *("current_account_kind", "newest_wins", "names_queue"),
    )
    shipped = IntakePolicy()
    kinds = {kind.value: kind for kind in (RecordKind.CONTACT, RecordKind.LEAD)}
    domains = section.get("shared_domains").items()
    if len(domains) > MAX_DOMAINS:
        section.get("shared_domains").wrong(f"must name at most {MAX_DOMAINS} domains, not {len(domains)}")
    return IntakePolicy(
        update_from=_share(section.get("update_from"), shipped.update_from),
        propose_from=_share(section.get("propose_from"), shipped.propose_from),
        recognise_from=_share(section.get("recognise_from"), shipped.recognise_from),
        domain_confidence=_share(section.get("domain_confidence"), shipped.domain_confidence),
        shared_domains=frozenset(one.text(_DOMAIN, _DOMAIN_RULE) for one in domains[:MAX_DOMAINS]),
        named_by=frozenset(section.get("named_by").choices(functions, "function")),
        current_by=frozenset(section.get("current_by").choices(functions, "function")),
        current_account_kind=section.get("current_account_kind").one_of(
            kinds, "kind", shipped.current_account_kind
        ),
        newest_wins=frozenset(section.get("newest_wins").choices(_units(), "field or field group")),
        names_queue=section.get("names_queue").text(_QUEUE, _QUEUE_RULE, default=shipped.names_queue),
    )


def _units() -> dict[str, str]:
    return {group_of(name): group_of(name) for name in FIELDS}


def _share(place: Place, default: float) -> float:
    rule = "must be a number above 0 and at most 1"
    return float(place.number(rule, lambda number: 0 < number <= 1, Decimal(str(default))))
