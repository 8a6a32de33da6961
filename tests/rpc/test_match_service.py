"""Matching over the wire: matches, streams, scores, explanations and the model."""

import math
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2

from dedup_service.v1 import core_pb2, record_service_pb2
from dedup_service.v1 import match_service_pb2 as pb
from tests.rpc.api import ANN, CONTACT, LEAD, Api, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
# An enum of proto3 is open: a client of a later release may send this.
UNKNOWN_KIND: Any = 77
BOB = core_pb2.Candidate(
    kind=CONTACT, values={"given_name": "Bob", "family_name": "Quux", "email": "bob@quux.com"}
)


async def test_a_record_finds_its_duplicate_at_once(api: Api) -> None:
    """With the token of its own write a caller finds what it has just written, explained when asked to."""
    one, two = await api.two_of_a_kind()
    request = pb.MatchRequest(record=one.name, min_revision=two.revision, explain=True)
    answer = await api.matches.Match(request, metadata=ANN)
    assert answer.complete
    [match] = answer.matches
    assert (match.record, match.golden_record, match.kind) == (two.name, two.golden_record, CONTACT)
    assert match.score.verdict == core_pb2.VERDICT_MATCH
    assert "e:bob@quux.com" in match.shared_keys
    total = math.fsum([match.score.prior_bits, *(c.weight_bits for c in match.score.contributions)])
    assert match.score.match_weight_bits == pytest.approx(total)
    request.explain = False
    [plain] = (await api.matches.Match(request, metadata=ANN)).matches
    assert not plain.score.contributions


async def test_a_candidate_matches_page_by_page(api: Api) -> None:
    """Pages of matches, best first, hold each match once; kinds and probability narrow them."""
    records = await api.put(*[contact(str(n), **dict(BOB.values)) for n in range(3)])
    request = pb.MatchRequest(candidate=BOB, page_size=2, min_revision=records[-1].revision)
    first = await api.matches.Match(request, metadata=ANN)
    request.page_token = first.next_page_token
    second = await api.matches.Match(request, metadata=ANN)
    found = [m.record for answer in (first, second) for m in answer.matches]
    assert sorted(found) == [r.name for r in records]
    assert not second.next_page_token
    leads = pb.MatchRequest(candidate=BOB, record_kinds=[LEAD], min_revision=records[-1].revision)
    assert not (await api.matches.Match(leads, metadata=ANN)).matches
    stale = pb.MatchRequest(candidate=BOB, page_size=2, min_probability=0.5, page_token=first.next_page_token)
    assert (await refused(api.matches.Match(stale, metadata=ANN))).fields == ["page_token"]


async def test_a_dead_lead_is_warned_about(api: Api) -> None:
    """A match that is a dead lead comes with the reason of its death."""
    lead = record_service_pb2.Record(
        name="sources/crm/records/l",
        kind=LEAD,
        values=dict(BOB.values),
        facts=[
            core_pb2.Fact(name="disqualified", time=Timestamp(seconds=1)),
            core_pb2.Fact(name="disqualified_reason", text="moved away"),
        ],
    )
    [written] = await api.put(lead)
    request = pb.MatchRequest(candidate=BOB, min_revision=written.revision)
    [warning] = (await api.matches.Match(request, metadata=ANN)).warnings
    assert (warning.type, warning.record) == (pb.MATCH_WARNING_TYPE_DEAD_LEAD, written.name)
    assert "moved away" in warning.detail


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (pb.MatchRequest(), "query"),
        (pb.MatchRequest(record="x"), "record"),
        (pb.MatchRequest(candidate=core_pb2.Candidate(values={"email": "a@x.com"})), "candidate.kind"),
        (
            pb.MatchRequest(candidate=core_pb2.Candidate(kind=CONTACT, values={"email": "\0"})),
            "candidate.values[email]",
        ),
        (pb.MatchRequest(candidate=BOB, min_probability=math.nan), "min_probability"),
        (pb.MatchRequest(candidate=BOB, min_probability=1.5), "min_probability"),
        (pb.MatchRequest(candidate=BOB, record_kinds=[LEAD, UNKNOWN_KIND]), "record_kinds[1]"),
    ],
)
async def test_a_match_that_cannot_be_read_is_refused(
    api: Api, request_: pb.MatchRequest, field: str
) -> None:
    """What to match, kinds and probability are checked with the path of the field."""
    refusal = await refused(api.matches.Match(request_, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_a_stream_answers_in_order_and_outlives_what_fails(api: Api) -> None:
    """Forty requests are answered in their order; those that fail carry the status of Match."""
    [record] = await api.put(contact("1", **dict(BOB.values)))

    async def requests() -> AsyncIterator[pb.MatchStreamRequest]:
        for number in range(40):
            if number % 3 == 0:
                yield pb.MatchStreamRequest(
                    request=pb.MatchRequest(record=f"sources/crm/records/no-{number}")
                )
            else:
                match = pb.MatchRequest(candidate=BOB, min_revision=record.revision)
                yield pb.MatchStreamRequest(request=match)

    answers = [answer async for answer in api.matches.MatchStream(requests(), metadata=ANN)]
    assert [answer.index for answer in answers] == list(range(40))
    for number, answer in enumerate(answers):
        if number % 3 == 0:
            assert answer.error.code == code_pb2.NOT_FOUND
            assert f"no-{number} " in answer.error.message
        else:
            assert [m.record for m in answer.response.matches] == [record.name]


async def test_scores_do_not_depend_on_the_side(api: Api) -> None:
    """A pair scores the same both ways, alone or in a batch, stored or not."""
    [record] = await api.put(contact("1", given_name="Bob", family_name="Quux"))
    there = pb.Pair(left=pb.PairSide(record=record.name), right=pb.PairSide(candidate=BOB))
    back = pb.Pair(left=pb.PairSide(candidate=BOB), right=pb.PairSide(record=record.name))
    answer = await api.matches.BatchScore(pb.BatchScoreRequest(pairs=[there, back]), metadata=ANN)
    assert answer.scores[0] == answer.scores[1]
    one = await api.matches.Score(pb.ScoreRequest(pair=there), metadata=ANN)
    assert one.score == answer.scores[0]
    assert one.score.contributions
    assert one.scoring_model == answer.scoring_model


async def test_a_pair_that_cannot_be_read_is_refused(api: Api) -> None:
    """Each side is checked by its own path; a record that is not there is not found."""
    good = pb.PairSide(candidate=BOB)
    for pair, field in (
        (pb.Pair(left=good), "pairs[1].right"),
        (
            pb.Pair(left=pb.PairSide(candidate=core_pb2.Candidate()), right=good),
            "pairs[1].left.candidate.kind",
        ),
        (pb.Pair(left=pb.PairSide(record="x"), right=good), "pairs[1].left.record"),
    ):
        request = pb.BatchScoreRequest(pairs=[pb.Pair(left=good, right=good), pair])
        assert (await refused(api.matches.BatchScore(request, metadata=ANN))).fields == [field]
    empty = pb.BatchScoreRequest()
    assert (await refused(api.matches.BatchScore(empty, metadata=ANN))).fields == ["pairs"]
    request = pb.BatchScoreRequest(
        pairs=[pb.Pair(left=good, right=pb.PairSide(record="sources/crm/records/1"))]
    )
    refusal = await refused(api.matches.BatchScore(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_an_explanation_adds_up(api: Api) -> None:
    """The waterfall goes from the prior to the match weight; keys come with the meaning of their rules."""
    pair = pb.Pair(left=pb.PairSide(candidate=BOB), right=pb.PairSide(candidate=BOB))
    found = await api.matches.ExplainMatch(pb.ExplainMatchRequest(pair=pair), metadata=ANN)
    assert found.waterfall[0].comparison == "prior"
    assert found.waterfall[-1].total_bits == found.score.match_weight_bits
    assert found.was_candidate
    assert all(key.rule for key in found.left_keys)
    assert found.sentences


async def test_the_model_shows_its_parameters(api: Api) -> None:
    """The one model is listed and got by its name; another is not found."""
    [model] = (
        await api.matches.ListScoringModels(pb.ListScoringModelsRequest(), metadata=ANN)
    ).scoring_models
    got = await api.matches.GetScoringModel(pb.GetScoringModelRequest(name=model.name), metadata=ANN)
    assert got == model
    assert [len(e.comparisons) > 3 for e in got.entities] == [True, True]
    level = got.entities[0].comparisons[0].levels[0]
    assert 0 < level.u_probability <= level.m_probability <= 1
    assert level.origin
    assert got.blocking_rules
    for name, code in (("scoringModels/1", grpc.StatusCode.NOT_FOUND), ("x", INVALID[0])):
        request = pb.GetScoringModelRequest(name=name)
        assert (await refused(api.matches.GetScoringModel(request, metadata=ANN))).code == code
