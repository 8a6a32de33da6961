"""The company's rules of intake: when an account is recognised, and what an update may change."""

from dataclasses import dataclass

from dedup_service.domain.records import RecordKind


@dataclass(frozen=True, slots=True)
class IntakePolicy:
    """The section `intake` of the policy (domain 9).

    A duplicate is updated from `update_from` on, a probability, where its verdict is MATCH; below, somebody
    decides, from `propose_from` on. An account is acted on from `recognise_from` on; an e-mail domain that
    points to one account alone is worth `domain_confidence`, one that points to several that divided by
    their number.
    Domains in `shared_domains` point to nobody, beside those of free-mail providers.
    `named_by` and `current_by` are the functions whose sources may name an account, or call it current; none
    means every function.
    `newest_wins` are the fields in which an update replaces a value that differs; elsewhere it fills gaps.
    `names_queue` is where leads wait that have asked for nothing: they get no person's attention.
    """

    update_from: float = 0.96
    propose_from: float = 0.5
    recognise_from: float = 0.9
    domain_confidence: float = 0.9
    shared_domains: frozenset[str] = frozenset()
    named_by: frozenset[str] = frozenset()
    current_by: frozenset[str] = frozenset()
    current_account_kind: RecordKind = RecordKind.CONTACT
    newest_wins: frozenset[str] = frozenset()
    names_queue: str = "names"
