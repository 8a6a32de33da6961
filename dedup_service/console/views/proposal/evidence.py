"""Why the members are thought to be the same: their links, and the waterfall of one pair of records."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from dedup_service.console.charts.cluster import Edge, cluster, holding
from dedup_service.console.charts.waterfall import Scale, Thresholds, axis, bar, scale_of
from dedup_service.console.texts.formats import Formats
from dedup_service.console.texts.languages import Language
from dedup_service.console.views import addresses
from dedup_service.console.views.proposal.columns import letter_of, ordered_members
from dedup_service.v1.core_pb2 import PairScore, Verdict
from dedup_service.v1.match_service_pb2 import ExplainMatchResponse, WaterfallStep
from dedup_service.v1.merge_plan_pb2 import GoldenLink
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.scoring_model_pb2 import ScoringModel

# What weighs less is written as 0.0, and told in one step with others of its kind.
LEAST_SHOWN_BITS = 0.05
# The list of links stays readable; those beyond are the ones that hold nothing together.
MAX_LINKS = 60


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link between two members, which stand for their letters."""

    left: str
    right: str
    link: GoldenLink
    holds: bool
    is_weakest: bool
    is_chosen: bool
    url: str


@dataclass(frozen=True, slots=True)
class StepView:
    """A row of the waterfall. `comparisons` are those told in it: several where each says next to nothing."""

    comparisons: tuple[str, ...]
    level: str
    evidence: str
    weight_bits: float
    total_bits: float
    bar: Markup


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The way from the prior to the match weight of one pair of records."""

    left: str
    right: str
    score: PairScore
    steps: tuple[StepView, ...]
    total_bar: Markup
    axis: Markup
    why_url: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The graph, its links, the one that is looked at, and that one's waterfall where it can be told."""

    graph: Markup
    links: tuple[LinkView, ...]
    more_link_count: int
    chosen: LinkView | None
    waterfall: Waterfall | None


def chosen_link(proposal: MergeProposal, asked: str) -> GoldenLink | None:
    """The link asked for by the letters of its members, such as `A-C`; the weakest where there is no such."""
    letters = _letters(proposal)
    for link in proposal.links:
        if asked and {letters[link.left], letters[link.right]} == set(asked.split("-")):
            return link
    return proposal.weakest_link if proposal.HasField("weakest_link") else next(iter(proposal.links), None)


def pairs_of(proposal: MergeProposal, link: GoldenLink) -> list[tuple[str, str]]:
    """Every pair of a record of one side and a record of the other."""
    records = {m.golden_record: [each.record for each in m.records] for m in proposal.plan.members}
    return [(left, right) for left in records[link.left] for right in records[link.right]]


def thresholds_of(model: ScoringModel) -> Thresholds:
    """The thresholds of a model, as match weights."""
    return Thresholds(_bits(model.review_threshold), _bits(model.match_threshold))


def evidence_of(
    proposal: MergeProposal,
    chosen: GoldenLink | None,
    waterfall: Waterfall | None,
    language: Language,
    formats: Formats,
    kept: Mapping[str, str],
) -> Evidence:
    """The links as list and graph: the weakest first, then those that hold, the strongest first.

    `kept` are parameters of the page's address that stay while the visitor looks at other links.
    """
    letters = _letters(proposal)
    members = list(letters)
    places = {name: place for place, name in enumerate(members)}
    links = [link for link in proposal.links if {link.left, link.right} <= places.keys()]
    held = holding([(places[n.left], places[n.right], n.match_weight_bits) for n in links], len(members))
    views = [
        _link_view(proposal, link, letters, kept, holds=number in held, is_chosen=link == chosen)
        for number, link in enumerate(links)
    ]
    views.sort(key=lambda each: (not each.is_weakest, not each.holds, -each.link.match_weight_bits))
    edges = [
        Edge(
            left=min(places[each.link.left], places[each.link.right]),
            right=max(places[each.link.left], places[each.link.right]),
            bits=each.link.match_weight_bits,
            label=formats.bits(each.link.match_weight_bits),
            holds=each.holds,
            is_weakest=each.is_weakest,
            is_chosen=each.is_chosen,
            url=each.url,
        )
        for each in views
    ]
    title = language("How strongly the members match, in bits")
    weakest = next((each for each in views if each.is_weakest), None)
    said = (
        language(
            "The weakest of the links that hold the members together is {left} to {right}, with {bits} bits."
        ).format(left=weakest.left, right=weakest.right, bits=formats.bits(weakest.link.match_weight_bits))
        if weakest
        else ""
    )
    return Evidence(
        graph=cluster(list(letters.values()), edges, title, said) if len(members) > 1 else Markup(""),
        links=tuple(views[:MAX_LINKS]),
        more_link_count=max(0, len(views) - MAX_LINKS),
        chosen=next((each for each in views if each.is_chosen), None),
        waterfall=waterfall,
    )


def waterfall_of(
    pair: tuple[str, str],
    explained: ExplainMatchResponse,
    thresholds: Thresholds | None,
    verdict_name: Callable[["Verdict.ValueType"], str],
) -> Waterfall:
    """The rows of the waterfall, on one scale; steps that change next to nothing are one row, the last."""
    steps = list(explained.waterfall)
    scale = scale_of((step.total_bits for step in steps), thresholds)
    small = [step for step in steps[1:] if abs(step.weight_bits) < LEAST_SHOWN_BITS]
    if len(small) < 2:
        small = []
    told: list[StepView] = []
    before = 0.0
    for step in steps:
        if not any(step is each for each in small):
            told.append(_step_view((step,), before, scale, is_prior=not told))
            before = told[-1].total_bits
    if small:
        told.append(_step_view(small, before, scale, is_prior=False))
    return Waterfall(
        left=pair[0],
        right=pair[1],
        score=explained.score,
        steps=tuple(told),
        total_bar=bar(scale, 0.0, explained.score.match_weight_bits, "total"),
        axis=axis(scale, verdict_name(Verdict.VERDICT_REVIEW), verdict_name(Verdict.VERDICT_MATCH)),
        why_url=addresses.with_query("/why", {"left": pair[0], "right": pair[1]}),
    )


def _step_view(steps: Sequence[WaterfallStep], before: float, scale: Scale, *, is_prior: bool) -> StepView:
    bits = sum(step.weight_bits for step in steps)
    total = before + bits
    return StepView(
        comparisons=tuple(step.comparison for step in steps),
        level=steps[0].level if len(steps) == 1 else "",
        evidence=steps[0].evidence if len(steps) == 1 else "",
        weight_bits=bits,
        total_bits=total,
        bar=bar(scale, before, total, "prior" if is_prior else ""),
    )


def _link_view(
    proposal: MergeProposal,
    link: GoldenLink,
    letters: Mapping[str, str],
    kept: Mapping[str, str],
    *,
    holds: bool,
    is_chosen: bool,
) -> LinkView:
    left, right = sorted((letters[link.left], letters[link.right]), key=lambda letter: (len(letter), letter))
    weakest = proposal.weakest_link
    url = addresses.with_query(addresses.of(proposal.name), {**kept, "link": f"{left}-{right}"}) + "#evidence"
    is_weakest = {link.left, link.right} == {weakest.left, weakest.right}
    return LinkView(left, right, link, holds, is_weakest, is_chosen, url)


def _letters(proposal: MergeProposal) -> dict[str, str]:
    return {member.golden_record: letter_of(place) for place, member in enumerate(ordered_members(proposal))}


def _bits(probability: float) -> float:
    return math.log2(probability / (1 - probability))
