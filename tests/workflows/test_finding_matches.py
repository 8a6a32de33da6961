"""Matches come through the index as of a revision, without ghosts, and sweeps propose what they find."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import pytest

import scoring
from dedup_service.domain.errors import InvalidInput, NotFound
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.records import Fact, RecordDraft, RecordKey, RecordKind
from dedup_service.domain.voting import VoteDecision
from dedup_service.workflows.distinguishing import DistinctionSide
from dedup_service.workflows.matching import MatchAnswer, MatchQuery
from dedup_service.workflows.pages import Page
from dedup_service.workflows.sweeping import SweepResult
from tests.merge_desk import JANUARY, Office, account, contact, key, lead, principal, request

PERSON = {
    "given_name": "Hildegard",
    "family_name": "Knörzer",
    "email": "hildegard.knoerzer@x.example",
    "phone": "+41 44 668 18 00",
    "street": "Bahnhofstrasse 1",
    "city": "Zürich",
    "postal_code": "8001",
}
OTHER = {
    "given_name": "Ottokar",
    "family_name": "Vandenberghe",
    "email": "ottokar@elsewhere.example",
    "phone": "+32 2 555 12 12",
    "city": "Brugge",
}


async def match(office: Office, side: RecordKey | RecordDraft, **how: object) -> MatchAnswer:
    head = await office.store.read(lambda tx: tx.head_revision())
    query = replace(MatchQuery(side, min_revision=head), **how)  # type: ignore[arg-type]  # checked by replace
    return await office.desk.matching.match(query)


def names(answer: MatchAnswer) -> list[str]:
    return [found.record.key.source_record_id for found in answer.matches]


async def sweep(office: Office) -> SweepResult:
    return await office.desk.sweeping.sweep(principal("services/matcher"))


async def proposed(office: Office) -> list[set[str]]:
    """The member records of all proposals ever made, by name, in the order of their making."""
    listed = await office.store.read(lambda tx: tx.list_proposals(Page()))
    return [{r.key.source_record_id for m in p.plan.members for r in m.records} for p in listed.items]


def variants(name: str) -> Iterator[RecordDraft]:
    """The person with ever fewer of her values: from a sure match to hardly any."""
    yield contact(name, **PERSON)
    for left_out in combinations(PERSON, 4):
        yield contact(name, **{k: v for k, v in PERSON.items() if k not in left_out})


async def test_a_write_can_be_matched_at_once_by_its_writer(office: Office) -> None:
    """A match that asks for the writer's revision has what was written (D-3)."""
    for number in range(10):
        await office.put(contact(str(number), **PERSON))
        answer = await match(office, contact("draft", **PERSON), page_size=50)
        assert answer.complete, answer.incomplete
        assert len(answer.matches) == number + 1


async def test_an_index_that_is_behind_says_so(office: Office) -> None:
    """A revision that the index does not reach in time gives an answer that says it is incomplete."""
    await office.put(contact("a", **PERSON))
    answer = await match(office, contact("draft", **PERSON), min_revision=99)
    assert not answer.complete
    assert answer.incomplete[0].reason == "INDEX_BEHIND"


async def test_only_the_asked_kinds_are_matched(office: Office) -> None:
    """A query names the kinds it searches; leads are matched against contacts too."""
    await office.put(contact("c", **PERSON), lead("l", **PERSON), account("p", person=True, **PERSON))
    draft = lead("draft", **PERSON)
    assert sorted(names(await match(office, draft))) == ["c", "l", "p"]
    assert names(await match(office, draft, kinds=(RecordKind.CONTACT,))) == ["c"]
    assert sorted(names(await match(office, draft, kinds=(RecordKind.LEAD, RecordKind.ACCOUNT)))) == [
        "l",
        "p",
    ]


async def test_a_records_own_golden_record_is_left_out(office: Office) -> None:
    """What is merged with the query already is no match; undone it is again."""
    a, b, _ = await office.put(*(contact(n, **PERSON) for n in "abc"))
    assert names(await match(office, key("a"))) == ["b", "c"]
    merge = await office.merge(a, b)
    assert names(await match(office, key("a"))) == ["c"]
    await office.undo(merge)
    assert names(await match(office, key("a"))) == ["b", "c"]


async def test_what_is_gone_is_no_match(office: Office) -> None:
    """Deleted and erased records are never returned, nor can they be asked with (D-2)."""
    await office.put(*(contact(n, **PERSON) for n in "abc"))
    await office.delete("a")
    await office.erase("b")
    assert names(await match(office, contact("draft", **PERSON))) == ["c"]
    for gone in ("a", "b", "never"):
        with pytest.raises(NotFound):
            await match(office, key(gone))
    await office.put(contact("a", **PERSON))
    assert names(await match(office, key("c"))) == ["a"]


async def test_what_is_gone_leaves_the_index(office: Office) -> None:
    """A deletion and an erasure take their record out of the index, without a rebuild (D-2, D-6)."""
    await office.put(*(contact(n, **PERSON) for n in "abc"))
    assert (await match(office, contact("draft", **PERSON))).candidate_count == 3
    before = await office.index.serving_state()
    await office.delete("a")
    await office.erase("b")
    assert (await match(office, contact("draft", **PERSON))).candidate_count == 1
    after = await office.index.serving_state()
    assert before is not None
    assert after is not None
    assert after.epoch == before.epoch


async def test_an_index_that_is_behind_shows_no_ghosts(office: Office) -> None:
    """What the index still holds is returned as the store has it: not at all when deleted or erased, and
    where it lives on when merged away (D-2).
    """
    ids = await office.put(*(contact(n, **PERSON) for n in "abcd"))
    await match(office, contact("draft", **PERSON))
    await office.follower.stop()
    await office.delete("a")
    await office.erase("b")
    await office.merge(*ids[2:])
    answer = await office.desk.matching.match(MatchQuery(contact("draft", **PERSON)))
    assert answer.candidate_count == 4
    assert names(answer) == ["c", "d"]
    assert {found.record.golden_id for found in answer.matches} == {ids[2]}


async def test_a_dead_lead_is_returned_with_a_warning(office: Office) -> None:
    """A match to a DEAD lead says why it died (2.4)."""
    dead = replace(
        lead("dead", **PERSON),
        facts=(Fact("disqualified", time=JANUARY), Fact("disqualified_reason", text="a competitor")),
    )
    await office.put(dead, lead("fine", **PERSON))
    answer = await match(office, lead("draft", **PERSON))
    assert sorted(names(answer)) == ["dead", "fine"]
    [warning] = answer.warnings
    assert (warning.record, "a competitor" in warning.reason) == (key("dead"), True)


async def test_pages_give_every_match_once(office: Office) -> None:
    """Matches come best first over pages, each once, also when they score the same."""
    await office.put(*(contact(f"{n:02}", **PERSON) for n in range(9)))
    await office.put(contact("weak", **(OTHER | {"email": PERSON["email"]})))
    found: list[str] = []
    after = None
    while True:
        answer = await match(office, contact("draft", **PERSON), page_size=4, after=after)
        found += names(answer)
        after = answer.next
        if after is None:
            break
    assert found == [f"{n:02}" for n in range(9)] + ["weak"]
    strong = await match(office, contact("draft", **PERSON), min_probability=0.9, page_size=50)
    assert "weak" not in names(strong)


async def test_scores_and_explanations_agree_with_the_match(office: Office) -> None:
    """Score, explain and match give the same bits for a pair, and the explanation names shared keys."""
    await office.put(contact("a", **PERSON), contact("b", **PERSON), contact("z", **OTHER))
    [found] = (await match(office, key("a"))).matches
    [score, unlike] = await office.desk.matching.score([(key("a"), key("b")), (key("a"), key("z"))])
    assert found.score == score
    assert unlike.verdict is scoring.Verdict.NO_MATCH
    explained = await office.desk.matching.explain(key("a"), key("b"))
    assert (explained.score, explained.shared_keys) == (score, found.shared_keys)
    apart = await office.desk.matching.explain(key("a"), contact("draft", **OTHER))
    assert "neither is ever a candidate" in apart.sentences[-1]


async def test_an_explanation_says_when_a_shared_key_is_too_common(office: Office) -> None:
    """Two records that share only a key which too many have are told why neither finds the other."""
    address = {"street": "Hauptstrasse 5", "postal_code": "10115"}
    crowd = [contact(f"c{n}", given_name=f"Given{n}", **address) for n in range(40)]
    await office.put(*crowd)
    query = contact("draft", given_name="Other", **address)
    apart = await office.desk.matching.explain(key("c1"), query)
    assert "at most 30 records have it; 40 have, so neither is" in apart.sentences[-1]
    assert not apart.are_candidates
    assert apart.shared_keys
    assert (await match(office, query)).candidate_count == 0
    await office.index.close()
    alone = await office.desk.matching.explain(key("c1"), query)
    assert alone.are_candidates
    assert alone.sentences[-1].endswith("the index does not answer.")


async def test_bad_candidates_are_refused(office: Office) -> None:
    """A draft that could not be stored is not matched; pairs have limits."""
    with pytest.raises(InvalidInput, match="candidate"):
        await match(office, contact("draft", email="\x00"))
    with pytest.raises(InvalidInput):
        await office.desk.matching.score([])
    with pytest.raises(InvalidInput):
        await office.desk.matching.score([(contact("a"), contact("b"))] * 1001)
    with pytest.raises(NotFound):
        await office.desk.matching.score([(key("never"), contact("b"))])


async def test_a_sweep_proposes_each_cluster_once(office: Office) -> None:
    """A sweep proposes what belongs together, and a second sweep finds it proposed already."""
    await office.put(*(contact(n, **PERSON) for n in "abc"), contact("z", **OTHER))
    result = await sweep(office)
    assert result.record_count == 4
    assert await proposed(office) == [{"a", "b", "c"}]
    again = await sweep(office)
    assert (dict(again.left_alone), len(await proposed(office))) == ({"already proposed": 1}, 1)


async def test_a_sweep_never_proposes_again_what_was_rejected(office: Office) -> None:
    """A rejected set is left alone by all later sweeps."""
    await office.put(contact("a", **PERSON), contact("b", **PERSON))
    await sweep(office)
    [proposal] = (await office.store.read(lambda tx: tx.list_proposals(Page()))).items
    await office.vote(proposal, "ann", VoteDecision.REJECT)
    assert dict((await sweep(office)).left_alone) == {"rejected before": 1}
    await office.put(contact("a", **(PERSON | {"job_title": "new"})))
    assert dict((await sweep(office)).left_alone) == {"rejected before": 1}
    assert len(await proposed(office)) == 1


@pytest.mark.parametrize("verdict", [scoring.Verdict.MATCH, scoring.Verdict.REVIEW])
async def test_a_sweep_keeps_apart_what_is_not_a_match(office: Office, verdict: scoring.Verdict) -> None:
    """A not-a-match link keeps two sides out of one proposal, whether they match or ask for review."""
    ann = contact("a", **PERSON)
    known = comparable_of(ann)
    wanted = (d for d in variants("b") if scoring.score_pair(known, comparable_of(d)).verdict is verdict)
    await office.put(ann, next(wanted))
    one, other = (DistinctionSide(records=(key(n),)) for n in "ab")
    who = principal("ann")
    await office.desk.distinguishing.create(request("CreateDistinction"), one, other, "sisters", who)
    result = await sweep(office)
    assert result.verdicts[verdict] == 1
    assert await proposed(office) == []


async def test_a_sweep_leaves_dead_leads_among_themselves(office: Office) -> None:
    """Two dead leads stay as they are; a dead one with a living one is proposed (2.4)."""
    dead = (Fact("disqualified", time=JANUARY),)
    await office.put(*(replace(lead(n, **PERSON), facts=dead) for n in "ab"))
    assert dict((await sweep(office)).left_alone) == {"dead leads only": 1}
    await office.put(lead("c", **PERSON))
    await sweep(office)
    assert await proposed(office) == [{"a", "b", "c"}]


async def test_a_sweep_does_not_propose_what_is_merged(office: Office) -> None:
    """Members of one golden record are one node of the sweep, not a pair."""
    a, b = await office.put(contact("a", **PERSON), contact("b", **PERSON))
    await office.merge(a, b)
    result = await sweep(office)
    assert (result.pairs, len(await proposed(office))) == ([], 1)
    await office.put(contact("c", **PERSON))
    await sweep(office)
    assert (await proposed(office))[1:] == [{"a", "b", "c"}]
