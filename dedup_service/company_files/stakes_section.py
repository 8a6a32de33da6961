"""The section `stakes` of a policy: which function has a stake because of what (domain 5.1)."""

from collections.abc import Mapping

from dedup_service.company_files.places import Place, words
from dedup_service.domain.facts import FACTS
from dedup_service.domain.policy import LeadStake, StakePolicy
from dedup_service.domain.records import ChildKind, LeadClass


def read_stakes(place: Place, functions: Mapping[str, str]) -> StakePolicy:
    """The stakes, of these functions only."""
    stakes = place.section("facts", "open_children", "closed_children", "lead_classes")
    facts = stakes["facts"].keyed({name: name for name in FACTS}, "fact")
    classes = stakes["lead_classes"].keyed(words(LeadClass), "lead class")
    return StakePolicy(
        facts={name: function.one_of(functions, "function", "") for name, function in facts.items()},
        open_children=_children(stakes["open_children"], functions),
        closed_children=_children(stakes["closed_children"], functions),
        lead_classes={lead_class: _lead_stake(each, functions) for lead_class, each in classes.items()},
    )


def _children(place: Place, functions: Mapping[str, str]) -> dict[ChildKind, tuple[str, ...]]:
    kinds = place.keyed(words(ChildKind), "kind of child reference")
    return {kind: each.choices(functions, "function", least=1) for kind, each in kinds.items()}


def _lead_stake(place: Place, functions: Mapping[str, str]) -> LeadStake:
    stake = place.section("functions", "alone")
    return LeadStake(
        functions=stake["functions"].choices(functions, "function", least=1),
        alone=stake.get("alone").flag(default=False),
    )
