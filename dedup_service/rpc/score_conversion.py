"""Scores, matches and scoring models as messages."""

import scoring
from dedup_service.domain.scoring_models import ScoringModelState
from dedup_service.rpc import enum_numbers
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import core_pb2, scoring_model_pb2
from dedup_service.v1 import match_service_pb2 as pb
from dedup_service.workflows.matching import Explanation, FoundMatch, MatchAnswer
from dedup_service.workflows.scoring_models import ListedModel
from scoring.model import Comparison, EntityModel

_RULES = {rule.prefix: rule.description for rule in scoring.blocking_rules()}
_STATE = {
    s: scoring_model_pb2.ScoringModelState.Value(f"SCORING_MODEL_STATE_{s.name}") for s in ScoringModelState
}
_ENTITY = {e: scoring_model_pb2.Entity.Value(f"ENTITY_{e.name}") for e in scoring.Entity}


def score_message(score: scoring.PairScore, *, explain: bool) -> core_pb2.PairScore:
    message = core_pb2.PairScore(
        match_weight_bits=score.match_weight_bits,
        match_probability=score.match_probability,
        verdict=enum_numbers.VERDICT[score.verdict],
        prior_bits=score.prior_bits,
    )
    if explain:
        for one in score.contributions:
            message.contributions.add(
                comparison=one.comparison, level=one.level, weight_bits=one.weight_bits, evidence=one.evidence
            )
    return message


def match_response(
    answer: MatchAnswer, tokens: RevisionTokens, scoring_model: str, *, explain: bool
) -> pb.MatchResponse:
    """The answer without its page token."""
    message = pb.MatchResponse(
        matches=[_match(found, explain=explain) for found in answer.matches],
        complete=answer.complete,
        revision=tokens.message(answer.applied_revision),
        candidate_count=answer.candidate_count,
        scoring_model=scoring_model,
    )
    for why in answer.incomplete:
        message.incomplete_reasons.add(
            type=enum_numbers.INCOMPLETE_REASON[why.reason], detail=why.detail, key=why.blocking_key
        )
    for warning in answer.warnings:
        message.warnings.add(
            type=pb.MATCH_WARNING_TYPE_DEAD_LEAD, record=warning.record.name, detail=warning.reason
        )
    return message


def _match(found: FoundMatch, *, explain: bool) -> pb.Match:
    return pb.Match(
        record=found.record.key.name,
        golden_record=f"goldenRecords/{found.record.golden_id}",
        kind=enum_numbers.RECORD_KIND[found.record.kind],
        score=score_message(found.score, explain=explain),
        shared_keys=found.shared_keys,
    )


def explanation_message(found: Explanation, scoring_model: str) -> pb.ExplainMatchResponse:
    return pb.ExplainMatchResponse(
        score=score_message(found.score, explain=True),
        waterfall=_waterfall(found.score),
        left_keys=map(_blocking_key, found.left_keys),
        right_keys=map(_blocking_key, found.right_keys),
        shared_keys=found.shared_keys,
        was_candidate=found.are_candidates,
        sentences=found.sentences,
        scoring_model=scoring_model,
    )


def _waterfall(score: scoring.PairScore) -> list[pb.WaterfallStep]:
    """From the prior to the match weight; the last total is the match weight to the bit."""
    total = score.prior_bits
    steps = [pb.WaterfallStep(comparison="prior", weight_bits=total, total_bits=total)]
    for one in score.contributions:
        total += one.weight_bits
        steps.append(
            pb.WaterfallStep(
                comparison=one.comparison,
                level=one.level,
                weight_bits=one.weight_bits,
                total_bits=total,
                evidence=one.evidence,
            )
        )
    steps[-1].total_bits = score.match_weight_bits
    return steps


def _blocking_key(key: str) -> pb.BlockingKey:
    return pb.BlockingKey(key=key, rule=_RULES.get(key.partition(":")[0], ""))


def model_message(listed: ListedModel) -> scoring_model_pb2.ScoringModel:
    stored, model = listed.stored, listed.model
    message = scoring_model_pb2.ScoringModel(
        name=stored.name,
        origin=stored.origin,
        state=_STATE[stored.state],
        verdict=stored.evaluation.verdict,
        findings=stored.evaluation.findings,
        problem=listed.problem,
    )
    if stored.create_time is not None:
        message.create_time.CopyFrom(timestamp(stored.create_time))
    if stored.activate_time is not None:
        message.activate_time.CopyFrom(timestamp(stored.activate_time))
    if model is None:
        return message
    message.match_threshold, message.review_threshold = model.match_threshold, model.review_threshold
    message.entities.extend([_entity(model.people), _entity(model.companies)])
    for rule in scoring.blocking_rules():
        message.blocking_rules.add(prefix=rule.prefix, description=rule.description)
    return message


def _entity(model: EntityModel) -> scoring_model_pb2.EntityParameters:
    given = {comparison.name: comparison for comparison in model.parameters.comparisons}
    message = scoring_model_pb2.EntityParameters(
        entity=_ENTITY[model.parameters.entity], prior_bits=model.prior_bits
    )
    for one in model.alternatives:
        message.alternatives.add(alternative=one.name, prior_bits=one.prior_bits, evidence=one.evidence)
    for comparison in model.comparisons:
        name = comparison.comparator.name
        origins = {level.name: level.origin for level in given[name].levels}
        message.comparisons.append(_comparison(name, comparison, origins))
    return message


def _comparison(name: str, comparison: Comparison, origins: dict[str, str]) -> scoring_model_pb2.Comparison:
    message = scoring_model_pb2.Comparison(comparison=name)
    for level_name in comparison.comparator.levels:
        level = comparison.levels[level_name]
        message.levels.add(
            level=level.name,
            m_probability=level.m,
            u_probability=level.u,
            weight_bits=level.weight_bits,
            term_frequency_adjusted=level.frequencies is not None,
            origin=origins[level_name],
        )
    return message
