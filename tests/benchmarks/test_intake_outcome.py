"""Answers of intake held against the truth: what is right, what is missed and what is wrong."""

import pytest

from benchmarks.intake.outcome import (
    INSERT,
    PROPOSAL,
    UPDATE,
    at_sureness,
    counted,
    figures,
)
from benchmarks.intake.population import Handed, Sort
from dedup_service.domain.records import RecordDraft, RecordKey, RecordKind
from dedup_service.v1 import core_pb2
from dedup_service.v1.core_pb2 import Verdict
from dedup_service.v1.intake_service_pb2 import IntakeAction, IntakeDuplicate, RouteResponse

ENTITIES = {
    "sources/crm/records/ann": "person:1",
    "sources/erp/records/ann": "person:1",
    "sources/crm/records/ben": "person:2",
}
_KINDS = {"crm": core_pb2.RECORD_KIND_CONTACT, "erp": core_pb2.RECORD_KIND_ACCOUNT}


def handed(
    entity: str = "person:1", sort: Sort = Sort.KNOWN_PERSON, source: str = "web", *, order: bool = False
) -> Handed:
    draft = RecordDraft(RecordKey(source, "in-1"), RecordKind.LEAD, {})
    return Handed(draft, entity, sort, must_transact=order)


def duplicate(name: str, probability: float = 0.999) -> IntakeDuplicate:
    found = IntakeDuplicate(record=f"sources/{name}", kind=_KINDS[name.partition("/")[0]])
    found.score.match_probability = probability
    found.score.verdict = Verdict.VERDICT_MATCH if probability > 0.95 else Verdict.VERDICT_REVIEW
    return found


def answer(action: IntakeAction.ValueType, record: str = "", *duplicates: IntakeDuplicate) -> RouteResponse:
    told = RouteResponse(action=action, duplicates=duplicates, complete=True)
    told.record.name = f"sources/{record}" if record else "sources/web/records/in-1"
    return told


def values(*pairs: tuple[Handed, RouteResponse]) -> dict[str, float]:
    return {
        figure.name.removeprefix("x: "): figure.value for figure in figures("x", counted(pairs, ENTITIES))
    }


def test_an_update_of_the_same_person_is_found() -> None:
    """By whichever of their records."""
    found = values((handed(), answer(UPDATE, "erp/records/ann")))
    assert found["of those who are stored, updated"] == 100
    assert found["somebody else wrongly updated"] == 0


def test_an_update_of_somebody_else_is_wrong() -> None:
    """Whether or not whoever was handed in is stored."""
    found = values(
        (handed(), answer(UPDATE, "crm/records/ben")),
        (handed("person:9", Sort.NEW_PERSON), answer(UPDATE, "crm/records/ben")),
    )
    assert found["somebody else wrongly updated"] == 2
    assert found["of those who are stored, updated or proposed"] == 0


def test_a_proposal_counts_when_it_is_about_them() -> None:
    """One that names others alone helps nobody."""
    found = values(
        (handed(), answer(PROPOSAL, "", duplicate("crm/records/ben"), duplicate("crm/records/ann"))),
        (handed(), answer(PROPOSAL, "", duplicate("crm/records/ben"))),
        (handed("person:9", Sort.NEW_PERSON), answer(PROPOSAL, "", duplicate("crm/records/ben"))),
    )
    assert found["of those who are stored, updated"] == 0
    assert found["of those who are stored, updated or proposed"] == 50
    assert found["proposals that name nobody they are"] == 2


def test_shares_are_of_all_answers() -> None:
    """Known people who were inserted are missed, not left out."""
    told = [(handed(), answer(INSERT)), (handed(), answer(UPDATE, "crm/records/ann"))]
    incomplete = answer(INSERT)
    incomplete.complete = False
    found = values(*told, (handed("person:9", Sort.NEW_PERSON), incomplete), told[0])
    assert found["INSERT"] == 75
    assert found["UPDATE"] == 25
    assert found["not every candidate compared"] == 25
    assert found["of those who are stored, updated"] == pytest.approx(100 / 3)


def test_a_surer_update_leaves_the_less_likely_alone() -> None:
    """At each threshold only duplicates at least as likely are updated."""
    pairs = [
        (handed(), answer(UPDATE, "crm/records/ann", duplicate("crm/records/ann", 0.985))),
        (handed(), answer(UPDATE, "crm/records/ben", duplicate("crm/records/ben", 0.965))),
    ]
    told = [at_sureness(pairs, ENTITIES, least) for least in (0.96, 0.98, 0.99)]
    assert [(one.updated, one.wrongly_updated) for one in told] == [(50, 1), (50, 0), (0, 0)]


def test_the_target_is_chosen_as_intake_chooses() -> None:
    """Its own source goes before a likelier one; an order takes accounts alone; REVIEW is no update."""
    both = answer(INSERT, "", duplicate("erp/records/ann", 0.999), duplicate("crm/records/ben", 0.97))
    review = answer(INSERT, "", duplicate("crm/records/ben", 0.9))

    def wrong(one: Handed, told: RouteResponse) -> int:
        return at_sureness([(one, told)], ENTITIES, 0.5).wrongly_updated

    assert wrong(handed(source="crm"), both) == 1
    assert wrong(handed(source="web"), both) == 0
    assert wrong(handed(source="crm", order=True), both) == 0
    assert wrong(handed(), review) == 0
