"""MatchService: who matches, how sure that is, and why; writes nothing."""

import math
from collections.abc import AsyncIterator
from contextlib import aclosing

from google.rpc.status_pb2 import Status

import scoring
from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind
from dedup_service.domain.scoring_models import scoring_model_name
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.edge import Edge, between
from dedup_service.rpc.errors import status_of
from dedup_service.rpc.ordered_streams import in_order, prepared
from dedup_service.rpc.page_tokens import page_size
from dedup_service.rpc.record_conversion import read_candidate, read_query
from dedup_service.rpc.score_conversion import (
    explanation_message,
    match_response,
    model_message,
    score_message,
)
from dedup_service.telemetry.recording import Phase
from dedup_service.v1 import match_service_pb2 as pb
from dedup_service.v1 import scoring_model_pb2
from dedup_service.workflows.matching import MAX_PAIRS, MatchQuery

_IN_FLIGHT = 16

Side = RecordKey | RecordDraft


class MatchService:
    """Answers the methods of `dedup_service.v1.MatchService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._matching = edge.desk.matching
        self._rules = edge.desk.rules
        self._models = edge.desk.matching.models

    async def match(self, request: pb.MatchRequest) -> pb.MatchResponse:
        meter = self._edge.telemetry.match()
        model = self._models.in_use.current
        query = self._query(request, model)
        await self._edge.fresh(request)
        answer = await self._matching.match(query, model, meter)
        message = match_response(answer, self._edge.tokens, _name(model), explain=request.explain)
        if answer.next is not None:
            bits, number = answer.next
            cursor = (bits.hex(), str(number), model.version)
            message.next_page_token = self._edge.next_page(request, cursor)
        meter.done(Phase.ANSWER)
        return message

    def _query(self, request: pb.MatchRequest, model: scoring.ScoringModel) -> MatchQuery:
        match request.WhichOneof("query"):
            case "record":
                side: Side = resource_names.record_key(request.record, "record")
            case "candidate":
                side = read_query(request.candidate, "candidate", self._rules.policy.functions)
            case _:
                raise InvalidInput.at("query", "say a record or a candidate")
        probability = model.review_threshold
        if request.HasField("min_probability"):
            probability = request.min_probability
            if math.isnan(probability) or not 0 <= probability <= 1:
                raise InvalidInput.at("min_probability", "must be from 0 to 1")
        cursor = self._edge.pages.cursor(request)
        if cursor is not None and cursor[2:] != (model.version,):
            raise InvalidInput.at("page_token", "is of another scoring model: begin with the first page")
        return MatchQuery(
            side=side,
            kinds=_kinds(request),
            min_probability=probability,
            page_size=page_size(request),
            after=(float.fromhex(cursor[0]), int(cursor[1])) if cursor else None,
            min_revision=self._edge.tokens.revision(request.min_revision, "min_revision.token"),
        )

    async def match_stream(
        self, requests: AsyncIterator[pb.MatchStreamRequest]
    ) -> AsyncIterator[pb.MatchStreamResponse]:
        index = 0
        items = prepared(requests, lambda message: message.request, 1, self._edge.stopping)
        async with aclosing(items), aclosing(in_order(items, self._match_or_status, _IN_FLIGHT)) as answers:
            async for answer in answers:
                if isinstance(answer, Status):
                    yield pb.MatchStreamResponse(index=index, error=answer)
                else:
                    yield pb.MatchStreamResponse(index=index, response=answer)
                index += 1
        self._edge.refuse_when_stopping()

    async def _match_or_status(self, request: pb.MatchRequest) -> pb.MatchResponse | Status:
        try:
            return await self.match(request)
        except Exception as error:  # noqa: BLE001  # one request that fails does not end the stream
            return status_of(error, "MatchStream", self._edge.tokens)

    async def score(self, request: pb.ScoreRequest) -> pb.ScoreResponse:
        pair = self._pair(request.pair, "pair")
        model = self._models.in_use.current
        await self._edge.fresh(request)
        [score] = await self._matching.score([pair], model)
        return pb.ScoreResponse(score=score_message(score, explain=True), scoring_model=_name(model))

    async def batch_score(self, request: pb.BatchScoreRequest) -> pb.BatchScoreResponse:
        between(len(request.pairs), 1, MAX_PAIRS, "pairs", "pairs")
        pairs = [self._pair(pair, f"pairs[{number}]") for number, pair in enumerate(request.pairs)]
        model = self._models.in_use.current
        await self._edge.fresh(request)
        scores = await self._matching.score(pairs, model)
        return pb.BatchScoreResponse(
            scores=[score_message(score, explain=True) for score in scores], scoring_model=_name(model)
        )

    async def explain_match(self, request: pb.ExplainMatchRequest) -> pb.ExplainMatchResponse:
        left, right = self._pair(request.pair, "pair")
        model = self._models.in_use.current
        await self._edge.fresh(request)
        return explanation_message(await self._matching.explain(left, right, model), _name(model))

    def _pair(self, pair: pb.Pair, at: str) -> tuple[Side, Side]:
        return self._side(pair.left, f"{at}.left"), self._side(pair.right, f"{at}.right")

    def _side(self, side: pb.PairSide, at: str) -> Side:
        match side.WhichOneof("side"):
            case "record":
                return resource_names.record_key(side.record, f"{at}.record")
            case "candidate":
                return read_candidate(side.candidate, f"{at}.candidate", self._rules.policy.functions)
            case _:
                raise InvalidInput.at(at, "say a record or a candidate")

    async def get_scoring_model(self, request: pb.GetScoringModelRequest) -> scoring_model_pb2.ScoringModel:
        version = resource_names.scoring_model_version(request.name, "name")
        return model_message(await self._models.model(version))

    async def list_scoring_models(self, request: pb.ListScoringModelsRequest) -> pb.ListScoringModelsResponse:
        size = page_size(request)
        versions = [one.version for one in await self._models.listed()]
        cursor = self._edge.pages.cursor(request)
        # Models are few, and one that was put in use meanwhile only moves to the front.
        start = versions.index(cursor[0]) + 1 if cursor is not None and cursor[0] in versions else 0
        page = versions[start : start + size]
        more = (page[-1],) if start + size < len(versions) else None
        return pb.ListScoringModelsResponse(
            scoring_models=[model_message(await self._models.model(version)) for version in page],
            next_page_token=self._edge.next_page(request, more) if more else "",
        )


def _name(model: scoring.ScoringModel) -> str:
    return scoring_model_name(model.version)


def _kinds(request: pb.MatchRequest) -> tuple[RecordKind, ...]:
    kinds = [enum_numbers.RECORD_KIND_OF.get(number) for number in request.record_kinds]
    if None in kinds:
        raise InvalidInput.at(f"record_kinds[{kinds.index(None)}]", "must be LEAD, CONTACT or ACCOUNT")
    return tuple(kind for kind in RecordKind if kind in kinds) or tuple(RecordKind)
