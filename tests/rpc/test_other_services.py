"""Merges, distinctions, changes and audit over the wire."""

import asyncio

import grpc
import pytest

from dedup_service.rpc.revision_tokens import RevisionTokens
from dedup_service.v1 import audit_service_pb2, change_service_pb2, core_pb2, distinction_service_pb2
from dedup_service.v1 import merge_service_pb2 as pb
from tests.rpc.api import ANN, IMPORTER, Api, by, contact, refused

INVALID = (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
EXPIRED = (grpc.StatusCode.OUT_OF_RANGE, "RESUME_TOKEN_EXPIRED")


async def test_a_merge_is_undone_once(api: Api) -> None:
    """Shown first, then undone with a not-a-match link; undone again it is the same undo."""
    merge = await api.merged()
    request = pb.UndoMergeRequest(
        name=merge.name, etag=merge.etag, reason="two people", create_distinction=True, validate_only=True
    )
    shown = await api.merges.UndoMerge(request, metadata=ANN)
    assert shown.state == pb.MERGE_STATE_UNDONE
    assert not shown.etag
    assert not shown.HasField("revision")
    standing = await api.merges.GetMerge(pb.GetMergeRequest(name=merge.name), metadata=ANN)
    assert standing == merge
    request.validate_only = False
    undone = await api.merges.UndoMerge(request, metadata=ANN)
    assert (undone.state, undone.undo_principal) == (pb.MERGE_STATE_UNDONE, "users/ann")
    assert undone.undo_reason == "two people"
    assert await api.merges.UndoMerge(request, metadata=ANN) == undone
    listed = await api.distinctions.ListDistinctions(
        distinction_service_pb2.ListDistinctionsRequest(min_revision=undone.revision), metadata=ANN
    )
    assert len(listed.distinctions) == 1


async def test_an_undo_needs_reason_etag_and_function(api: Api) -> None:
    """Each is refused by its own code."""
    merge = await api.merged()
    request = pb.UndoMergeRequest(name=merge.name, etag=merge.etag)
    assert (await refused(api.merges.UndoMerge(request, metadata=ANN))).fields == ["reason"]
    request.reason = "wrong"
    refusal = await refused(api.merges.UndoMerge(request, metadata=by("fiona")))
    assert refusal.reason == (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE")
    request.etag = "old"
    refusal = await refused(api.merges.UndoMerge(request, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.ABORTED, "ETAG_MISMATCH")


async def test_merges_are_listed_newest_first(api: Api) -> None:
    """Pages by filter; a merge that was never made is not found."""
    first = await api.merged()
    await api.put(contact("3"), contact("4"))
    second = await api.merged("sources/crm/records/3", "sources/crm/records/4")
    request = pb.ListMergesRequest(page_size=1)
    newest = await api.merges.ListMerges(request, metadata=ANN)
    request.page_token = newest.next_page_token
    oldest = await api.merges.ListMerges(request, metadata=ANN)
    assert [newest.merges[0].name, oldest.merges[0].name] == [second.name, first.name]
    narrowed = pb.ListMergesRequest(filter=f'state = EXECUTED AND survivor = "{first.survivor}"')
    assert [m.name for m in (await api.merges.ListMerges(narrowed, metadata=ANN)).merges] == [first.name]
    refusal = await refused(api.merges.GetMerge(pb.GetMergeRequest(name="merges/1"), metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


async def test_distinctions_come_and_go(api: Api) -> None:
    """Made between golden records or records, listed by either side, taken back under their etag."""
    one, two = await api.two_of_a_kind()
    made = await api.distinctions.CreateDistinction(
        distinction_service_pb2.CreateDistinctionRequest(
            distinction=distinction_service_pb2.Distinction(
                left=[one.golden_record], right=[two.name], reason="twins"
            )
        ),
        metadata=ANN,
    )
    assert (list(made.left), list(made.right)) == ([one.name], [two.name])
    request = distinction_service_pb2.ListDistinctionsRequest(filter=f'record:"{two.name}"')
    assert list((await api.distinctions.ListDistinctions(request, metadata=ANN)).distinctions) == [made]
    gone = distinction_service_pb2.DeleteDistinctionRequest(name=made.name)
    assert (await refused(api.distinctions.DeleteDistinction(gone, metadata=ANN))).fields == ["etag"]
    gone.etag = made.etag
    answer = await api.distinctions.DeleteDistinction(gone, metadata=ANN)
    assert answer.revision.token not in {"", made.revision.token}
    assert not (await api.distinctions.ListDistinctions(request, metadata=ANN)).distinctions
    refusal = await refused(api.distinctions.DeleteDistinction(gone, metadata=ANN))
    assert refusal.reason == (grpc.StatusCode.NOT_FOUND, "RESOURCE_NOT_FOUND")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "distinction.left"),
        ({"left": ["x"]}, "distinction.left[0]"),
        ({"left": ["sources/crm/records/1"], "right": ["goldenRecords/a"]}, "distinction.reason"),
        (
            {"left": ["sources/crm/records/1"], "right": ["sources/crm/records/1"], "reason": "r"},
            "distinction.right",
        ),
    ],
)
async def test_a_distinction_that_cannot_be_made_is_refused(
    api: Api, given: dict[str, object], field: str
) -> None:
    """Both sides and the reason are required, and no record is on both sides."""
    await api.two_of_a_kind()
    request = distinction_service_pb2.CreateDistinctionRequest(distinction=given)  # type: ignore[arg-type]  # the fields of the message by name
    refusal = await refused(api.distinctions.CreateDistinction(request, metadata=ANN))
    assert (refusal.reason, refusal.fields) == (INVALID, [field])


async def test_every_change_is_listed_once_in_order(api: Api) -> None:
    """Pages cut within a write miss nothing; the last page's token is where watching goes on."""
    merge = await api.merged()
    request = change_service_pb2.ListChangesRequest(page_size=1)
    names = []
    while True:
        answer = await api.changes.ListChanges(request, metadata=ANN)
        names += [change.name for change in answer.changes]
        request.page_token = answer.next_page_token
        if not request.page_token:
            break
    assert names == ["changes/1-0", "changes/2-0", "changes/3-0", "changes/4-0", "changes/5-0", "changes/5-1"]
    after = change_service_pb2.ListChangesRequest(after_revision=answer.revision)
    assert not (await api.changes.ListChanges(after, metadata=ANN)).changes
    merged = change_service_pb2.ListChangesRequest(
        types=[change_service_pb2.CHANGE_TYPE_MERGED],
        kinds=[core_pb2.RECORD_KIND_CONTACT],
        sources=["sources/crm"],
    )
    [change] = (await api.changes.ListChanges(merged, metadata=ANN)).changes
    assert change.merge == merge.name
    assert {image.state for image in change.after} == {
        core_pb2.GOLDEN_RECORD_STATE_LIVE,
        core_pb2.GOLDEN_RECORD_STATE_MERGED,
    }
    other = change_service_pb2.ListChangesRequest(sources=["sources/erp"])
    assert not (await api.changes.ListChanges(other, metadata=ANN)).changes


async def test_a_watch_goes_on_from_its_token(api: Api) -> None:
    """Changes arrive as they are committed, checkpoints in silence; none is missed between two watches."""
    [record] = await api.put(contact("1"))
    watch = api.changes.WatchChanges(change_service_pb2.WatchChangesRequest(), metadata=ANN)
    checkpoint = await watch.read()
    assert isinstance(checkpoint, change_service_pb2.WatchChangesResponse)
    assert checkpoint.checkpoint
    [second] = await api.put(contact("2"))
    message = await watch.read()
    assert isinstance(message, change_service_pb2.WatchChangesResponse)
    while message.checkpoint:
        message = await watch.read()
        assert isinstance(message, change_service_pb2.WatchChangesResponse)
    assert [change.record for change in message.changes] == [second.name]
    watch.cancel()
    await api.put(contact("3"))
    for token, names in ((message.resume_token, ["3"]), (record.revision, ["2", "3"])):
        again = api.changes.WatchChanges(
            change_service_pb2.WatchChangesRequest(resume_token=token), metadata=ANN
        )
        found = await again.read()
        assert isinstance(found, change_service_pb2.WatchChangesResponse)
        assert [c.record for c in found.changes] == [f"sources/crm/records/{name}" for name in names]
        again.cancel()


async def test_large_changes_come_in_several_messages(api: Api) -> None:
    """No message is far over a megabyte, and each can be resumed from where it ends."""
    [first] = await api.put(contact("0"))
    large = {f"custom.f{number}": "x" * 4000 for number in range(150)}
    for name in ("1", "2", "3"):
        message = contact(name)
        message.values.update(large)
        await api.put(message)
    names = []
    token = first.revision
    for _ in range(3):
        request = change_service_pb2.WatchChangesRequest(resume_token=token)
        watch = api.changes.WatchChanges(request, metadata=ANN)
        found = await watch.read()
        assert isinstance(found, change_service_pb2.WatchChangesResponse)
        assert found.ByteSize() < 1.5 * 1024 * 1024
        names += [change.record for change in found.changes]
        token = found.resume_token
        watch.cancel()
    assert names == [f"sources/crm/records/{name}" for name in ("1", "2", "3")]


async def test_a_token_of_another_store_has_expired(api: Api) -> None:
    """Watching from it is out of range and told the oldest token, which lists every change that is kept."""
    await api.put(contact("1"))
    foreign = RevisionTokens("another store").message(1)
    watch = api.changes.WatchChanges(
        change_service_pb2.WatchChangesRequest(resume_token=foreign), metadata=ANN
    )
    refusal = await refused(watch.read())
    assert refusal.reason == EXPIRED
    oldest = core_pb2.RevisionToken(token=refusal.info.metadata["oldest_token"])
    request = change_service_pb2.ListChangesRequest(after_revision=oldest)
    assert len((await api.changes.ListChanges(request, metadata=ANN)).changes) == 1
    beyond = RevisionTokens(api.office.desk.store_id).message(99)
    request = change_service_pb2.ListChangesRequest(after_revision=beyond)
    assert (await refused(api.changes.ListChanges(request, metadata=ANN))).reason == EXPIRED
    request = change_service_pb2.ListChangesRequest(after_revision=core_pb2.RevisionToken(token="nonsense"))
    assert (await refused(api.changes.ListChanges(request, metadata=ANN))).fields == ["after_revision.token"]


async def test_a_source_reports_a_change_once(api: Api) -> None:
    """An acknowledgement stands on the change; said twice it is said once."""
    await api.put(contact("1"))
    request = change_service_pb2.AcknowledgeChangeRequest(name="changes/1-0", source="sources/crm")
    first = await api.changes.AcknowledgeChange(request, metadata=IMPORTER)
    second = await api.changes.AcknowledgeChange(request, metadata=IMPORTER)
    assert [a.source for a in second.change.acknowledgements] == ["sources/crm"]
    assert first.change == second.change
    assert first.revision.token
    for name, source, code in (
        ("changes/9-0", "sources/crm", grpc.StatusCode.NOT_FOUND),
        ("changes/1", "sources/crm", INVALID[0]),
        ("changes/1-0", "crm", INVALID[0]),
    ):
        request = change_service_pb2.AcknowledgeChangeRequest(name=name, source=source)
        assert (await refused(api.changes.AcknowledgeChange(request, metadata=IMPORTER))).code == code


async def test_the_audit_names_who_did_what_and_holds(api: Api) -> None:
    """Entries by actor; the chain holds, also against an earlier head, but not against a false one."""
    await api.merged()
    listing = audit_service_pb2.ListAuditEntriesRequest(filter='actor = "users/ann"', page_size=1)
    first = await api.audit.ListAuditEntries(listing, metadata=ANN)
    assert first.audit_entries[0].action == "ApproveMergeProposal"
    listing.page_token = first.next_page_token
    [last] = (await api.audit.ListAuditEntries(listing, metadata=ANN)).audit_entries
    assert last.action == "ExecuteMergeProposal"
    verified = await api.audit.VerifyAudit(audit_service_pb2.VerifyAuditRequest(), metadata=ANN)
    assert (verified.holds, verified.entry_count) == (True, 5)
    assert verified.head == audit_service_pb2.AuditHead(revision=last.revision, hash=last.hash)
    earlier = audit_service_pb2.AuditHead(
        revision=first.audit_entries[0].revision, hash=first.audit_entries[0].hash
    )
    request = audit_service_pb2.VerifyAuditRequest(published_head=earlier)
    assert (await api.audit.VerifyAudit(request, metadata=ANN)).holds
    request.published_head.hash = "0" * 64
    broken = await api.audit.VerifyAudit(request, metadata=ANN)
    assert (broken.holds, broken.first_broken_revision) == (False, earlier.revision)
    for head, field in (
        ({"hash": "0" * 64}, "published_head.revision"),
        ({"revision": earlier.revision, "hash": "x"}, "published_head.hash"),
    ):
        request = audit_service_pb2.VerifyAuditRequest(published_head=head)  # type: ignore[arg-type]  # the fields of the message by name
        assert (await refused(api.audit.VerifyAudit(request, metadata=ANN))).fields == [field]


async def test_watchers_do_not_hold_up_one_another(api: Api) -> None:
    """Ten watchers of one server all see the same change."""
    watches = [
        api.changes.WatchChanges(
            change_service_pb2.WatchChangesRequest(types=[change_service_pb2.CHANGE_TYPE_RECORD_CREATED]),
            metadata=ANN,
        )
        for _ in range(10)
    ]
    await asyncio.gather(*(watch.read() for watch in watches))
    await api.put(contact("1"))
    for watch in watches:
        while True:
            message = await watch.read()
            assert isinstance(message, change_service_pb2.WatchChangesResponse)
            if not message.checkpoint:
                break
        assert [c.record for c in message.changes] == ["sources/crm/records/1"]
        watch.cancel()
