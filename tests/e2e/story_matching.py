"""The first part of the story: sources write, and everyone may look up who is who."""

import grpc

from dedup_service.v1.core_pb2 import (
    RECORD_KIND_ACCOUNT,
    VERDICT_MATCH,
    VERDICT_NO_MATCH,
    Candidate,
)
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.match_service_pb2 import (
    ExplainMatchRequest,
    MatchRequest,
    Pair,
    PairSide,
    ScoreRequest,
)
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from dedup_service.v1.merge_proposal_service_pb2 import CreateMergeProposalRequest
from dedup_service.v1.record_service_pb2 import (
    DeleteRecordRequest,
    EraseRecordRequest,
    IngestRecordsRequest,
    IngestRecordsResponse,
    Record,
)
from tests.e2e.crm_data import (
    BRANCH,
    CONTACT,
    CRM,
    CUSTOMER,
    DESK,
    ERP,
    GUEST,
    HUSBAND,
    LEAD,
    SHOP,
    WIFE,
    books_and_crm,
    shop_desk_and_people,
)
from tests.e2e.story_context import ANN, IMPORTER, MATCHER, Story


def _ingest(story: Story, records: list[Record], sequence: int) -> IngestRecordsResponse:
    batch = IngestRecordsRequest(request_id=story.request_id(), sequence=sequence, records=records)
    answer = story.write(IMPORTER, lambda client: next(client.records.IngestRecords(iter([batch]))))
    assert answer.sequence == sequence
    story.seen.revision = answer.revision
    refused = {rejected.index for rejected in answer.rejected}
    for place, record in enumerate(records):
        if place not in refused:
            story.seen.records[record.name] = record
            story.seen.golden_of[record.name] = story.record(record.name).golden_record
    return answer


def books_and_crm_are_ingested(story: Story) -> None:
    """The good records of a batch are written, the bad one is named with what is wrong."""
    answer = _ingest(story, books_and_crm(), 1)
    assert answer.written_count == 3
    assert [rejected.index for rejected in answer.rejected] == [3]
    [violation] = answer.rejected[0].bad_request.field_violations
    assert violation.field == "records[3].values"
    assert "shoe_size" in violation.description


def shop_desk_and_people_are_ingested(story: Story) -> None:
    """Every record starts as the only member of a golden record, and comes back as it was sent."""
    answer = _ingest(story, shop_desk_and_people(), 2)
    assert answer.written_count == 7
    assert not answer.rejected
    assert len(set(story.seen.golden_of.values())) == 10
    for name, sent in story.seen.records.items():
        stored = story.record(name)
        assert (dict(stored.values), stored.children, stored.facts) == (
            dict(sent.values),
            sent.children,
            sent.facts,
        )
        assert list(story.golden(stored.golden_record).members) == [name]


def the_customer_is_found(story: Story) -> None:
    """Match finds the customer in all four systems at once, whether stored or about to be typed in."""
    others = {CRM, SHOP, DESK}
    found = story.matches(MatchRequest(record=ERP, explain=True))
    assert set(found) == others
    for name, match in found.items():
        assert match.score.verdict == VERDICT_MATCH
        assert match.shared_keys
        assert match.score.contributions
        assert match.golden_record == story.seen.golden_of[name]
    typed_in = Candidate(
        kind=RECORD_KIND_ACCOUNT,
        values={"company_name": "Nordlicht Pumpen GmbH", "phone": "0431-5550120", "city": "Kiel"},
    )
    assert set(story.matches(MatchRequest(candidate=typed_in))) == others | {ERP}


def the_lead_is_found(story: Story) -> None:
    """A lead is matched against contacts, too."""
    assert set(story.matches(MatchRequest(record=LEAD))) == {CONTACT}


def the_branch_and_the_household_are_told_apart(story: Story) -> None:
    """A branch and a married couple are compared, and are no matches."""
    for left, right in ((ERP, BRANCH), (HUSBAND, WIFE)):
        everything = MatchRequest(record=left, min_probability=0)
        assert story.matches(everything)[right].score.verdict == VERDICT_NO_MATCH
        assert right not in story.matches(MatchRequest(record=left))


def a_match_is_explained(story: Story) -> None:
    """The way from prior to match weight adds up, and a pair scores the same from either side."""
    pair = Pair(left=PairSide(record=ERP), right=PairSide(record=SHOP))
    turned = Pair(left=pair.right, right=pair.left)
    client = story.client()
    answer = client.matches.ExplainMatch(ExplainMatchRequest(pair=pair, min_revision=story.seen.revision))
    assert answer.was_candidate
    assert answer.shared_keys
    assert answer.sentences
    assert answer.waterfall[0].comparison == "prior"
    assert abs(answer.waterfall[-1].total_bits - answer.score.match_weight_bits) < 1e-9
    assert abs(sum(step.weight_bits for step in answer.waterfall) - answer.score.match_weight_bits) < 1e-6
    scores = [client.matches.Score(ScoreRequest(pair=each)).score for each in (pair, turned)]
    assert scores[0].match_weight_bits == scores[1].match_weight_bits == answer.score.match_weight_bits


def the_household_is_kept_apart(story: Story) -> None:
    """A not-a-match link is made; a proposal across it shows the veto that it will meet."""
    request = CreateDistinctionRequest(
        distinction=Distinction(left=[HUSBAND], right=[WIFE], reason="husband and wife"),
        request_id=story.request_id(),
    )
    made = story.write(ANN, lambda client: client.distinctions.CreateDistinction(request))
    story.seen.revision = made.revision
    preview = story.client(MATCHER).merge_proposals.CreateMergeProposal(
        CreateMergeProposalRequest(
            merge_proposal=MergeProposal(golden_records=[HUSBAND, WIFE]), validate_only=True
        )
    )
    assert [veto.rule for veto in preview.vetoes] == ["NOT_A_MATCH"]


def a_guest_is_deleted_at_the_source(story: Story) -> None:
    """A record that its source deletes matches no more, and its golden record stays readable."""
    request = DeleteRecordRequest(name=GUEST, request_id=story.request_id())
    gone = story.write(IMPORTER, lambda client: client.records.DeleteRecord(request))
    story.seen.revision = gone.revision
    assert GUEST not in story.matches(MatchRequest(record=HUSBAND, min_probability=0))
    with story.refused(grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND"):
        story.client().matches.Match(MatchRequest(record=GUEST))
    assert list(story.golden(story.seen.golden_of[GUEST]).members) in ([], [GUEST])


def a_wife_is_erased(story: Story) -> None:
    """An erased record is left without a value; nothing that is stored repeats one."""
    request = EraseRecordRequest(name=WIFE, reason="request 2026-4", request_id=story.request_id())
    erased = story.write(IMPORTER, lambda client: client.records.EraseRecord(request))
    story.seen.revision = erased.revision
    del story.seen.records[WIFE]
    assert not story.record(WIFE).values
    assert WIFE not in story.matches(MatchRequest(record=HUSBAND, min_probability=0))


def customers_are_apart(story: Story) -> None:
    """Each record of the customer is on its own golden record, with every value that its source gave."""
    for name in CUSTOMER:
        golden = story.golden(story.seen.golden_of[name])
        assert golden.name == story.seen.golden_of[name]
        assert list(golden.members) == [name]
        assert not golden.redirect_chain
        sent = story.seen.records[name]
        assert {key: value.value for key, value in golden.values.items()} == dict(sent.values)
        assert {child.child.child_id for child in golden.children} == {c.child_id for c in sent.children}
