"""Lists and counts of proposals over the wire: the short view, what comes after, names, filters, facets."""

from random import Random
from typing import Any

import grpc
import pytest

from dedup_service.v1 import core_pb2, merge_plan_pb2, record_service_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from dedup_service.v1.merge_proposal_pb2 import MergeProposal
from tests.rpc.api import ANN, LEAD, Api, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
BASIC = pb.MERGE_PROPOSAL_VIEW_BASIC
INBOX = "impact desc, due_time"
FACETS = ("impact", "kind", "type", "verdict", "missing_functions", "source", "owner")
CONDITIONS = (
    *(f"impact = {impact}" for impact in ("LOW", "MEDIUM", "HIGH")),
    *(f"verdict {operator} {v}" for operator in ("=", "!=") for v in ("MATCH", "REVIEW", "NO_MATCH")),
    *(f'source = "{source}"' for source in ("crm", "desk", "erp")),
    *(f'owner {operator} "users/{name}"' for operator in ("=", "!=") for name in ("ann", "carla")),
    *(f'missing_functions:"{function}"' for function in ("sales", "support")),
    "kind = CONTACT",
    "open = true",
    "proposer != services/matcher",
)


async def listed(api: Api, who: str = "ann", **fields: object) -> list[MergeProposal]:
    """One page of a list, as somebody sees it."""
    request = pb.ListMergeProposalsRequest(**fields)  # type: ignore[arg-type]  # the fields of the request by name
    answer = await api.proposals.ListMergeProposals(request, metadata=by(who))
    return list(answer.merge_proposals)


async def counted(api: Api, who: str = "ann", **fields: object) -> pb.CountMergeProposalsResponse:
    request = pb.CountMergeProposalsRequest(**fields)  # type: ignore[arg-type]  # the fields of the request by name
    return await api.proposals.CountMergeProposals(request, metadata=by(who))


def owned(record: record_service_pb2.Record, owner: str) -> record_service_pb2.Record:
    if owner.startswith("queues/"):
        record.owner.queue = owner
    else:
        record.owner.principal, record.owner.function = owner, "sales"
    return record


async def various(api: Api, count: int = 14) -> list[MergeProposal]:
    """Proposals that differ in source, owner, verdict, impact and who has voted."""
    random = Random(3)
    owners = ("users/ann", "users/carla", "queues/north")
    made = []
    for number in range(count):
        names = []
        for side in ("a", "b"):
            record = contact(
                f"{random.choice(('crm', 'desk', 'erp'))}/{number}{side}",
                given_name="Jo",
                family_name=f"Sorg{number}" if number % 3 else f"Sorg{number}{side}",
                email=f"jo{number}@sorg.example" if number % 2 else f"jo{number}{side}@sorg.example",
            )
            if number % 5 == 0:
                record.children.add(
                    kind=core_pb2.CHILD_KIND_OPPORTUNITY,
                    child_id=f"{number}{side}",
                    owner=f"users/{side}",
                    open=True,
                )
            names += [record.name for record in await api.put(owned(record, random.choice(owners)))]
        made.append(await api.proposed(*names, who="ann" if number % 7 == 3 else "services/matcher"))
    await api.approved(made[1], {"sales": "ann", "support": "carla"}[made[1].missing_functions[0]])
    return made


async def test_the_basic_view_is_the_full_one_without_the_heavy_parts(api: Api) -> None:
    """What the service's comment leaves out is not set, everything else is as in the full view."""
    made = await various(api, 6)
    await api.proposals.UpdateMergeProposal(
        pb.UpdateMergeProposalRequest(
            merge_proposal=MergeProposal(
                name=made[2].name, etag=made[2].etag, survivor=min(made[2].golden_records)
            )
        ),
        metadata=ANN,
    )
    full = await listed(api)
    basic = await listed(api, view=BASIC)
    assert len(full) == 6
    assert any(one.votes for one in full)
    for one in full:
        assert one.preview.redirects
        assert one.plan.values
        assert one.stakes
        for field in ("preview", "votes", "stakes", "plan_changes"):
            one.ClearField(field)
        one.plan.ClearField("values")
        one.plan.ClearField("moving_children")
        for member in one.plan.members:
            assert member.records
            member.ClearField("records")
    assert basic == full
    assert await listed(api, view=pb.MERGE_PROPOSAL_VIEW_FULL) == await listed(api)


async def test_a_view_that_is_none_is_refused(api: Api) -> None:
    """A number that stands for no view is refused by its field."""
    refusal = await refused(listed(api, view=9))
    assert (refusal.reason, refusal.fields) == (INVALID, ["view"])


async def test_members_are_shown_by_name_until_they_are_erased(api: Api) -> None:
    """Name, detail and sources stand in get, list and batch; an erasure takes them away at once."""
    crm = contact("1", full_name="Ina Marek", email="ina@marek.example")
    desk = contact("desk/2", full_name="Ina Marek-Boer", phone="+48 58 555 0101")
    proposal = await api.proposed(*[record.name for record in await api.put(crm, desk)])
    looked_at = await api.proposals.BatchDecideMergeProposals(
        pb.BatchDecideMergeProposalsRequest(validate_only=True), metadata=ANN
    )
    for shown in (
        proposal,
        await api.shown(proposal.name),
        (await listed(api, view=BASIC))[0],
        looked_at.decisions[0].merge_proposal,
    ):
        assert {(m.display_name, m.display_detail, *m.sources) for m in shown.plan.members} == {
            ("Ina Marek", "ina@marek.example", "crm"),
            ("Ina Marek-Boer", "+48 58 555 0101", "desk"),
        }
    erase = record_service_pb2.EraseRecordRequest(name="sources/desk/records/2", reason="asked for")
    await api.records.EraseRecord(erase, metadata=by("carla"))
    [left] = await listed(api, view=BASIC)
    assert {m.display_name for m in left.plan.members} == {"Ina Marek", ""}


async def test_a_proposal_says_the_verdict_of_its_weakest_link(api: Api) -> None:
    """As the scoring model says it of the pair, and as a filter finds it."""
    sure = await api.proposed()
    await api.put(contact("8", full_name="Ida Noor"), contact("9", full_name="Bo Tran", city="Oslo"))
    unlike = await api.proposed("sources/crm/records/8", "sources/crm/records/9")
    assert (sure.verdict, unlike.verdict) == (core_pb2.VERDICT_MATCH, core_pb2.VERDICT_NO_MATCH)
    assert [p.name for p in await listed(api, filter="verdict = MATCH")] == [sure.name]
    assert [p.name for p in await listed(api, filter="verdict != MATCH")] == [unlike.name]


async def test_owner_and_source_follow_the_records(api: Api) -> None:
    """A list finds a proposal by who owns any record of it now, a person or a queue, and by any source."""
    first = owned(contact("1", full_name="Ina Marek"), "users/ann")
    second = owned(contact("desk/2", full_name="Ina Marek"), "queues/north")
    proposal = await api.proposed(*[record.name for record in await api.put(first, second)])

    async def found(condition: str) -> bool:
        return proposal.name in [p.name for p in await listed(api, filter=condition)]

    for condition in ('owner = "users/ann"', 'owner:"queues/north"', "source = crm", "source:desk"):
        assert await found(condition), condition
    for condition in ('owner = "users/ben"', "source = erp", 'owner != "users/ann"', "source != desk"):
        assert not await found(condition), condition
    await api.put(owned(contact("1", full_name="Ina Marek"), "users/ben"))
    assert await found('owner = "users/ben"')
    assert not await found('owner = "users/ann"')


async def test_a_list_goes_on_after_the_one_that_was_decided(api: Api) -> None:
    """The next of an inbox is found from one that has left it; one never made is not found."""
    await various(api)
    inbox = await listed(api, waiting_for="me", order_by=INBOX)
    assert len(inbox) > 3
    await api.approved(inbox[1], "ann")
    after = {"waiting_for": "me", "order_by": INBOX, "after": inbox[1].name}
    assert [p.name for p in await listed(api, **after)] == [p.name for p in inbox[2:]]
    [following] = await listed(api, page_size=1, view=BASIC, **after)
    assert following.name == inbox[2].name
    refusal = await refused(listed(api, after="mergeProposals/none"))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")
    refusal = await refused(listed(api, after="users/ann"))
    assert (refusal.reason, refusal.fields) == (INVALID, ["after"])


async def test_pages_go_on_after_a_proposal(api: Api) -> None:
    """With `after`, the next page begins where the first one ended."""
    made = await various(api, 7)
    everything = [p.name for p in await listed_all(api, order_by="due_time")]
    assert len(everything) == len(made)
    rest = await listed_all(api, order_by="due_time", after=everything[1], page_size=2)
    assert [p.name for p in rest] == everything[2:]


async def listed_all(api: Api, **fields: object) -> list[MergeProposal]:
    """All pages of a list."""
    request = pb.ListMergeProposalsRequest(**fields)  # type: ignore[arg-type]  # the fields of the request by name
    found: list[MergeProposal] = []
    while True:
        answer = await api.proposals.ListMergeProposals(request, metadata=ANN)
        found += answer.merge_proposals
        request.page_token = answer.next_page_token
        if not request.page_token:
            return found


async def test_a_count_is_that_of_the_list(api: Api) -> None:
    """For random filters, and for the inboxes of several people, total and facets are those listed."""
    await various(api)
    random = Random(8)
    found = 0
    for _ in range(60):
        asked = {
            "filter": " AND ".join(random.sample(CONDITIONS, random.randint(0, 2))),
            "waiting_for": random.choice(["", "me", "users/carla", "users/paula"]),
        }
        proposals = await listed(api, view=BASIC, page_size=1000, **asked)
        counts = await counted(api, facets=FACETS, **asked)
        assert counts.total_count == len(proposals), asked
        assert [facet.field for facet in counts.facets] == list(FACETS)
        facets = {f.field: {v.value: v.count for v in f.values} for f in counts.facets}
        functions = {function for p in proposals for function in p.missing_functions}
        assert facets["missing_functions"] == {
            function: sum(function in p.missing_functions for p in proposals) for function in functions
        }
        sources = {source for p in proposals for m in p.plan.members for source in m.sources}
        assert facets["source"] == {
            source: sum(any(source in m.sources for m in p.plan.members) for p in proposals)
            for source in sources
        }
        impacts = [merge_plan_pb2.Impact.Name(p.impact).removeprefix("IMPACT_") for p in proposals]
        assert facets["impact"] == {impact: impacts.count(impact) for impact in set(impacts)}
        found += len(proposals)
    assert found > 100


async def test_facets_come_as_asked_the_most_frequent_first(api: Api) -> None:
    """In the order asked for; values that are as frequent by their text; nothing that was not asked for."""
    await api.put(*[contact(f"{s}/{n}", full_name=f"Jo Sorg{n}") for n in (1, 2) for s in ("desk", "crm")])
    lead = contact("erp/3", full_name="Jo Sorg1")
    lead.kind = LEAD
    await api.put(lead)
    await api.proposed("sources/crm/records/1", "sources/desk/records/1", "sources/erp/records/3")
    await api.proposed("sources/crm/records/2", "sources/desk/records/2")
    counts = await counted(api, facets=["source", "type"])
    assert [(f.field, [(v.value, v.count) for v in f.values]) for f in counts.facets] == [
        ("source", [("crm", 2), ("desk", 2), ("erp", 1)]),
        ("type", [("CONVERSION", 1), ("MERGE", 1)]),
    ]
    assert not (await counted(api)).facets


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"facets": ["impact", "impact"]}, ["facets"]),
        ({"facets": ["city", "impact", "survivor"]}, ["facets[0]", "facets[2]"]),
        ({"filter": "verdict = MAYBE"}, ["filter"]),
        ({"waiting_for": "users/nobody"}, ["waiting_for"]),
    ],
)
async def test_a_count_that_cannot_be_made_is_refused(
    api: Api, fields: dict[str, Any], wrong: list[str]
) -> None:
    """Unknown or repeated facets, filters and principals are named by their field."""
    refusal = await refused(counted(api, **fields))
    assert (refusal.reason, refusal.fields) == (INVALID, wrong)


async def test_a_count_sees_the_write_that_it_names(api: Api) -> None:
    """With `min_revision` the proposal just made is counted."""
    proposal = await api.proposed()
    assert (await counted(api, min_revision=proposal.revision)).total_count == 1
