"""Trained models over the wire: every answer names its one model, and all models can be looked at."""

import asyncio

import msgspec
import psycopg
import pytest

from dedup_service.domain.scoring_models import StoredModel
from dedup_service.v1 import core_pb2, scoring_model_pb2
from dedup_service.v1 import match_service_pb2 as pb
from scoring import shipped_model
from tests.merge_desk import Office
from tests.rpc.api import ANN, CONTACT, Api, contact, refused
from tests.workflows.test_scoring_models import EVALUATION, model_file

SHIPPED = f"scoringModels/{shipped_model().version}"
BOB = core_pb2.Candidate(kind=CONTACT, values={"given_name": "Bob", "family_name": "Quux"})
PAIR = pb.Pair(left=pb.PairSide(candidate=BOB), right=pb.PairSide(candidate=BOB))


async def put_in_use(office: Office, shift_bits: float) -> StoredModel:
    models = office.desk.matching.models
    stored = await models.add(model_file(shift_bits), EVALUATION)
    await models.activate(stored.version)
    await models.in_use.renew()
    return stored


async def listed(api: Api, page_size: int = 0, page_token: str = "") -> pb.ListScoringModelsResponse:
    request = pb.ListScoringModelsRequest(page_size=page_size, page_token=page_token)
    return await api.matches.ListScoringModels(request, metadata=ANN)


async def test_every_answer_names_the_model_in_use(office: Office, api: Api) -> None:
    """Match, Score, BatchScore and ExplainMatch say the shipped model, and the trained one after a change."""

    async def names() -> set[str]:
        answers = (
            await api.matches.Match(pb.MatchRequest(candidate=BOB), metadata=ANN),
            await api.matches.Score(pb.ScoreRequest(pair=PAIR), metadata=ANN),
            await api.matches.BatchScore(pb.BatchScoreRequest(pairs=[PAIR]), metadata=ANN),
            await api.matches.ExplainMatch(pb.ExplainMatchRequest(pair=PAIR), metadata=ANN),
        )
        return {answer.scoring_model for answer in answers}

    assert await names() == {SHIPPED}
    stored = await put_in_use(office, 2.0)
    assert await names() == {stored.name}


async def test_an_answer_keeps_the_model_that_it_began_with(office: Office, api: Api) -> None:
    """However often the model changes meanwhile, the scores are those of the model that the answer names."""
    models = office.desk.matching.models
    versions = [(await models.add(model_file(float(shift)), EVALUATION)).version for shift in (1, 5)]
    built = {version: (await models.model(version)).model for version in versions}
    request = pb.BatchScoreRequest(pairs=[PAIR] * 400)
    done = False

    async def change() -> None:
        while not done:
            for model in built.values():
                assert model is not None
                models.in_use.take_up(model)
                await asyncio.sleep(0)

    changing = asyncio.create_task(change())
    answers = await asyncio.gather(*(api.matches.BatchScore(request, metadata=ANN) for _ in range(4)))
    done = True
    await changing
    for answer in answers:
        model = built[answer.scoring_model.removeprefix("scoringModels/")]
        assert model is not None
        assert {score.prior_bits for score in answer.scores} == {model.people.prior_bits}


async def test_all_models_are_listed_with_their_state(office: Office, api: Api) -> None:
    """The one in use first, with what was found of it; page by page they are the same."""
    first, second = await put_in_use(office, 1.0), await put_in_use(office, 2.0)
    whole = (await listed(api)).scoring_models
    assert [(one.name, scoring_model_pb2.ScoringModelState.Name(one.state)) for one in whole] == [
        (second.name, "SCORING_MODEL_STATE_ACTIVE"),
        (first.name, "SCORING_MODEL_STATE_RETIRED"),
        (SHIPPED, "SCORING_MODEL_STATE_RETIRED"),
    ]
    assert (whole[0].verdict, list(whole[0].findings)) == (EVALUATION.verdict, [*EVALUATION.findings])
    assert whole[0].HasField("create_time")
    assert whole[0].HasField("activate_time")
    assert whole[0].entities[0].alternatives
    pages: list[scoring_model_pb2.ScoringModel] = []
    token = ""
    for _ in whole:
        page = await listed(api, 1, token)
        pages += page.scoring_models
        token = page.next_page_token
    assert not token
    assert pages == list(whole)
    got = await api.matches.GetScoringModel(pb.GetScoringModelRequest(name=first.name), metadata=ANN)
    assert got == whole[1]


async def test_a_model_that_cannot_be_used_is_shown_with_the_reason(
    office: Office, api: Api, database_url: str
) -> None:
    """It has its state and no parameters; the model that scores instead is named by every answer."""
    stored = await put_in_use(office, 1.0)
    other = msgspec.structs.replace(model_file(1.0), format=1)
    people = msgspec.structs.replace(other.people, comparisons=())
    text = msgspec.json.encode(msgspec.structs.replace(other, people=people)).decode()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE scoring_models SET parameters = %s", [text])
    # As after a start.
    office.desk.matching.models.in_use.take_up(shipped_model())
    await office.desk.matching.models.in_use.renew()
    got = await api.matches.GetScoringModel(pb.GetScoringModelRequest(name=stored.name), metadata=ANN)
    assert "comparisons are" in got.problem
    assert not got.entities
    answer = await api.matches.Score(pb.ScoreRequest(pair=PAIR), metadata=ANN)
    assert answer.scoring_model == SHIPPED


async def test_a_page_of_another_model_is_refused(office: Office, api: Api) -> None:
    """One list of matches is never of two models: after a change it begins anew."""
    records = await api.put(*(contact(str(n), given_name="Bob", family_name="Quux") for n in range(3)))
    request = pb.MatchRequest(
        candidate=BOB, min_revision=records[-1].revision, page_size=1, min_probability=0.0
    )
    first = await api.matches.Match(request, metadata=ANN)
    request.page_token = first.next_page_token
    assert (await api.matches.Match(request, metadata=ANN)).matches
    await put_in_use(office, 1.0)
    assert (await refused(api.matches.Match(request, metadata=ANN))).fields == ["page_token"]


@pytest.mark.parametrize(("shift_bits", "found"), [(-40.0, 0), (0.5, 1)])
async def test_a_search_without_a_least_probability_goes_by_the_model(
    office: Office, api: Api, shift_bits: float, found: int
) -> None:
    """It finds what is at least REVIEW under the model in use."""
    [record] = await api.put(contact("1", given_name="Bob", family_name="Quux", email="bob@quux.com"))
    await put_in_use(office, shift_bits)
    wanted = core_pb2.Candidate(kind=CONTACT, values={**BOB.values, "email": "bob@quux.com"})
    request = pb.MatchRequest(candidate=wanted, min_revision=record.revision)
    assert len((await api.matches.Match(request, metadata=ANN)).matches) == found
