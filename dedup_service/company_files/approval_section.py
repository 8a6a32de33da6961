"""The sections `approval` and `vetoes` of a policy: who must approve, and what stops a merge (domain 7)."""

from collections.abc import Mapping
from decimal import Decimal

from dedup_service.company_files.places import Place, words
from dedup_service.domain.policy import ApprovalPolicy, Automatic, FullVote, Veto, VetoRule, VoteMethod
from dedup_service.domain.records import LeadClass, RecordKind

MAX_QUORUM = 20
MAX_WEIGHT = 100
_HALF = Decimal("0.5")


def read_approval(place: Place, functions: Mapping[str, str]) -> ApprovalPolicy:
    """Who must approve merges of LOW, MEDIUM and HIGH impact."""
    approval = place.section("LOW", "MEDIUM", "HIGH")
    low = approval["LOW"].section("automatic", "quorum")
    medium = approval["MEDIUM"].section("quorum")
    high = approval["HIGH"].section(*RecordKind)
    return ApprovalPolicy(
        automatic=_automatic(low["automatic"]),
        low_quorum=_quorum(low["quorum"]),
        medium_quorum=_quorum(medium["quorum"]),
        full_votes={kind: _full_vote(high[kind], functions) for kind in RecordKind},
    )


def read_vetoes(place: Place, functions: Mapping[str, str]) -> tuple[Veto, ...]:
    """The veto rules in force, each once; a rule is its name, or a mapping that says who lifts it."""
    found: dict[VetoRule, Veto] = {}
    for item in place.items():
        lifted_by = ""
        name = item
        if isinstance(item.value, Mapping):
            veto = item.section("rule", "lifted_by")
            name = veto["rule"]
            lifted_by = veto.get("lifted_by").one_of(functions, "function", "")
        rule = name.one_of(words(VetoRule), "veto rule", None)
        if rule is not None and rule in found:
            name.wrong(f"{rule} is in force already: keep one")
        elif rule is not None:
            found[rule] = Veto(rule, lifted_by)
    return tuple(found.values())


def _automatic(place: Place) -> tuple[Automatic, ...]:
    found: dict[tuple[RecordKind, LeadClass | None], Automatic] = {}
    for item in place.items():
        entry = item.section("kind", "lead_class", "minimum_probability")
        kind = entry["kind"].one_of(words(RecordKind), "record kind", None)
        class_place = entry.get("lead_class")
        lead_class = class_place.one_of(words(LeadClass), "lead class", None)
        if kind not in (RecordKind.LEAD, None) and not class_place.absent:
            class_place.wrong(f"must be left out: only leads have a class, and this is of kind {kind}")
        probability = entry["minimum_probability"].number(
            "must be a number from 0.5 to 1", lambda n: _HALF <= n <= 1, Decimal(1)
        )
        if kind is None:
            continue
        if (kind, lead_class) in found:
            item.wrong("is named twice: keep one entry for a kind and class")
        found[kind, lead_class] = Automatic(kind, lead_class, float(probability))
    return tuple(found.values())


def _full_vote(place: Place, functions: Mapping[str, str]) -> FullVote:
    vote = place.section("method", "majority", "weights", "final_arbiter", "tie_breaker", "quorum")
    method = vote["method"].one_of(words(VoteMethod), "method", None)
    weights_place = vote["weights"] if method is VoteMethod.WEIGHTS else vote.get("weights")
    by_function = weights_place.keyed(functions, "function")
    weights = {name: weight.whole(1, MAX_WEIGHT, default=1) for name, weight in by_function.items()}
    if method is VoteMethod.VOICES and not weights_place.absent:
        weights_place.wrong(
            "belongs to the method WEIGHTS: with VOICES each function with a stake has one voice"
        )
    if method is VoteMethod.WEIGHTS and weights_place.value == {}:
        weights_place.wrong("must give at least one function a weight")
    tie_breaker = vote.get("tie_breaker").one_of(functions, "function", "")
    if method is VoteMethod.WEIGHTS and tie_breaker and weights and tie_breaker not in weights:
        vote.get("tie_breaker").wrong(f"{tie_breaker} has no weight in this vote: give it one")
    return FullVote(
        method=method or VoteMethod.VOICES,
        majority=vote.get("majority").number(
            "must be a number from 0.5 to below 1", lambda n: _HALF <= n < 1, _HALF
        ),
        weights=weights,
        final_arbiter=vote.get("final_arbiter").one_of(functions, "function", ""),
        tie_breaker=tie_breaker,
        quorum=_quorum(vote.get("quorum")),
    )


def _quorum(place: Place) -> int:
    return place.whole(1, MAX_QUORUM, default=1)
