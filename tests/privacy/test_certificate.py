"""What an erasure says of itself, and erasing in the middle of other work (E-4)."""

import asyncio

import grpc
import psycopg
import pytest

from dedup_service.company_files import policy_text
from dedup_service.domain.erasure import ERASED_TEXT, Traces
from dedup_service.domain.errors import DedupError
from dedup_service.domain.policy_versions import PolicyOrigin
from dedup_service.domain.proposals import ProposalState
from dedup_service.domain.records import RecordState
from dedup_service.v1.privacy_service_pb2 import ErasureCertificate, GetErasureCertificateRequest
from dedup_service.v1.privacy_service_pb2_grpc import PrivacyServiceStub
from dedup_service.v1.record_service_pb2 import EraseRecordRequest
from tests.merge_desk import Office, contact
from tests.privacy.scanning import Forms, in_database
from tests.privacy.somebody import MARKERS, NAME, WORD, Life, somebody
from tests.rpc.api import ANN, IMPORTER, Api, by, refused
from tests.rpc.api import contact as api_contact

CERTIFICATE = f"{NAME}/erasureCertificate"


async def certificate(api: Api, name: str = CERTIFICATE) -> ErasureCertificate:
    asked = GetErasureCertificateRequest(name=name)
    found = await PrivacyServiceStub(api.channel).GetErasureCertificate(asked, metadata=ANN)
    assert isinstance(found, ErasureCertificate)
    return found


async def erase(api: Api, reason: str = "asked for by letter") -> None:
    await api.records.EraseRecord(EraseRecordRequest(name=NAME, reason=reason), metadata=IMPORTER)


async def test_the_certificate_says_what_was_erased_and_the_audit_covers_it(
    api: Api, database_url: str
) -> None:
    """It counts each place, names who and why, and its digest stands in the audit entry that is its head."""
    await Life(api).live()
    await erase(api)
    found = await certificate(api)
    places = {each.place: each.count for each in found.places}
    assert (found.principal, found.reason) == ("services/importer", "asked for by letter")
    assert places["records"] == 1
    assert places["vote comments"] >= 2
    assert places["delegation reasons"] == places["policy comments"] == places["cleanup job names"] == 1
    assert places["changes"] > 5
    assert list(found.left) == []
    verified = await api.office.store.read(lambda tx: tx.verify_audit(0, ""))
    assert (found.audit_head.revision, found.audit_head.hash) == (verified.head_revision, verified.head_hash)
    stored = await api.office.store.read(lambda tx: tx.erasure_certificate(NAME))
    assert stored is not None
    assert stored[0].digest == found.digest
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT detail FROM audit_entries ORDER BY revision DESC LIMIT 1").fetchone()
    assert row == (f"erased; certificate {found.digest}",)
    assert not Forms.of(MARKERS, (await api.office.record("p")).draft).found_in(found.SerializeToString())


async def test_a_policy_whose_text_names_her_is_told_and_kept(api: Api) -> None:
    """The text is what proposals were decided by, so it stays, and the certificate says where to look."""
    life = Life(api)
    await life.write_records()
    await api.office.desk.policies.seed(policy_text(None), PolicyOrigin.SHIPPED)
    await life.rule(f"# as {WORD} asked\n")
    await erase(api)
    [left] = (await certificate(api)).left
    assert "policyVersions/of-her" in left


async def test_a_reason_that_names_her_is_refused(api: Api) -> None:
    """The reason outlives the erasure, so it must not say whose it was."""
    await api.put(somebody())
    asked = EraseRecordRequest(name=NAME, reason=f"Ms {WORD.title()}ina wrote to us")
    refusal = await refused(api.records.EraseRecord(asked, metadata=IMPORTER))
    assert refusal.fields == ["reason"]
    assert (await api.office.record("p")).active


async def test_erased_twice_is_erased_once(api: Api) -> None:
    """The second erasure changes nothing, and the certificate stays the first."""
    await api.put(somebody())
    await erase(api)
    first = await certificate(api)
    await erase(api, "asked for again")
    assert await certificate(api) == first


async def test_who_may_not_write_the_record_sees_no_certificate(api: Api) -> None:
    """Whoever may write the record may; there is none of a record that was not erased."""
    await api.put(somebody())
    await erase(api)
    stub = PrivacyServiceStub(api.channel)
    asked = GetErasureCertificateRequest(name=CERTIFICATE)
    denied = await refused(stub.GetErasureCertificate(asked, metadata=by("carla")))
    assert denied.reason == (grpc.StatusCode.PERMISSION_DENIED, "MISSING_ROLE")
    [other] = await api.put(api_contact("other"))
    none = GetErasureCertificateRequest(name=f"{other.name}/erasureCertificate")
    missing = await refused(stub.GetErasureCertificate(none, metadata=ANN))
    assert missing.code is grpc.StatusCode.NOT_FOUND


async def test_an_erasure_under_an_open_vote_voids_it(office: Office) -> None:
    """The proposal goes on without her or ends, and no vote on the plan with her counts."""
    p, a, b = await office.put(contact("p", family_name=WORD), contact("a"), contact("b"))
    proposal = await office.vote(await office.propose(p, a, b), "ann", comment=f"yes, {WORD}")
    await office.erase("p")
    after = await office.proposal(proposal)
    assert after.state in (ProposalState.PENDING, ProposalState.SUPERSEDED)
    assert p not in after.plan.golden_ids or not after.state.open
    assert {vote.comment for vote in after.votes} == {""}
    if after.state.open:
        assert after.decision is not None
        assert not any(vote.counts for vote in after.decision.votes)


async def test_a_merge_of_somebody_erased_is_undone_without_her_values(
    office: Office, database_url: str
) -> None:
    """The others come back as they were; her record comes back as erased, alone."""
    p, a = await office.put(contact("p", family_name=WORD, email=f"{WORD}@x.example"), contact("a"))
    merge = await office.merge(a, p)
    await office.erase("p")
    await office.undo(merge)
    assert (await office.record("p")).state is RecordState.ERASED
    assert (await office.record("a")).golden_id == a
    assert (await office.golden(a)).golden.active_members[0].name == "sources/crm/records/a"
    forms = Forms((WORD.encode(),))
    await office.store.tidy_after_erasures()
    assert in_database(database_url, forms) == set()


@pytest.mark.parametrize("number", range(3))
async def test_an_erasure_that_races_with_a_merge_leaves_nothing(
    office: Office, database_url: str, number: int
) -> None:
    """Whichever comes first, nothing of her is left, and the chain verifies."""
    p, a = await office.put(contact("p", family_name=WORD, email=f"{WORD}@x.example"), contact("a"))
    proposal = await office.approved(a, p, survivor_id=a, comment=WORD)

    async def merged() -> None:
        await asyncio.sleep(0.003 * number)
        await office.execute(proposal)

    done = await asyncio.gather(merged(), office.erase("p"), return_exceptions=True)
    assert all(not isinstance(each, BaseException) or isinstance(each, DedupError) for each in done), done
    assert not isinstance(done[1], BaseException)
    assert (await office.record("p")).state is RecordState.ERASED
    await office.store.tidy_after_erasures()
    assert in_database(database_url, Forms((WORD.encode(),))) == set()
    assert (await office.store.read(lambda tx: tx.verify_audit(0, ""))).holds


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I visit MÜLLER, Zoë", True),
        ("muller", True),
        ("the Muellers", False),
        ("call 044 123 45 67", True),
        ("mail to Zoe@Example.com soon", True),
        ("holidays in Zurich", False),
        ("Zo", False),
        ("customer 4711", False),
        (ERASED_TEXT, False),
        ("", False),
    ],
)
def test_a_text_names_somebody_by_a_value_that_tells_them_apart(*, text: str, named: bool) -> None:
    """Names as words of their own, addresses and numbers however written; not what many share."""
    draft = contact(
        "z",
        given_name="Zoë",
        family_name="Müller",
        email="zoe@example.com",
        phone="+41 44 123 45 67",
        city="Zurich",
    )
    assert Traces.of(draft).named_in(text) is named
