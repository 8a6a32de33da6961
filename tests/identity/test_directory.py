"""The principals file, read again as the service runs: roles count at once, a broken one changes nothing."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dedup_service.client import DedupClient, ServiceError
from dedup_service.company_files import load_policy, load_principals, parse_principals
from dedup_service.identity.directory import KnownPrincipals, WatchedFile
from dedup_service.v1.change_service_pb2 import WatchChangesRequest
from dedup_service.v1.identity_service_pb2 import GetCallerRequest
from dedup_service.v1.merge_proposal_pb2 import MERGE_PROPOSAL_STATE_APPROVED
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    ExecuteMergeProposalRequest,
)
from tests.console.scenes import propose_medium
from tests.served_desk import ServedDesk, served_desk

SHIPPED = Path("dedup_service/defaults/principals.yaml").read_text()
IMPORTER = "services/importer"


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; ten seconds at most."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.05)


def functions_of(desk: ServedDesk, name: str) -> frozenset[str] | None:
    """What somebody holds, as the desk knows them; None for nobody."""
    found = desk.running.desk.rules.principals.find(name)
    return None if found is None else found.functions


def test_a_changed_file_counts_in_calls_streams_and_decisions(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    """Who lost a function votes no more, nor does their vote count; who left is nobody; who came calls."""
    path = tmp_path / "principals.yaml"
    path.write_text(SHIPPED)
    with (
        served_desk(database_url, redis_url, {"DEDUP_PRINCIPALS": str(path)}) as desk,
        DedupClient(desk.address, principal=IMPORTER) as importer,
    ):
        proposal = propose_medium(importer)
        ann = importer.acting_as("users/ann")
        approved = ann.merge_proposals.ApproveMergeProposal(
            ApproveMergeProposalRequest(name=proposal.name, etag=proposal.etag)
        )
        assert approved.state == MERGE_PROPOSAL_STATE_APPROVED
        watched = importer.acting_as("users/mia").changes.WatchChanges(WatchChangesRequest(), timeout=30)
        next(watched)

        text = SHIPPED.replace("ann: {functions: [sales]", "ann: {functions: []")
        lines = [line for line in text.splitlines() if not line.startswith("  mia:")]
        path.write_text("\n".join([*lines[:7], "  zoe: {functions: [sales]}", *lines[7:]]))
        until(lambda: functions_of(desk, "users/zoe") == frozenset({"sales"}))

        with pytest.raises(ServiceError) as refused:
            ann.merge_proposals.ExecuteMergeProposal(
                ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
            )
        assert refused.value.reason == "MISSING_ROLE"
        with pytest.raises(ServiceError) as missing:
            importer.merge_proposals.ExecuteMergeProposal(
                ExecuteMergeProposalRequest(name=proposal.name, etag=proposal.etag)
            )
        assert missing.value.reason == "APPROVALS_MISSING"
        with pytest.raises(ServiceError) as ended:
            list(watched)
        assert ended.value.reason == "UNAUTHENTICATED_PRINCIPAL"
        zoe = importer.acting_as("users/zoe").identity.GetCaller(GetCallerRequest())
        assert list(zoe.functions) == ["sales"]


async def test_a_broken_file_leaves_the_last_one_in_force(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file half written, wrong or gone changes no role, and the log names what to correct by line."""
    path = tmp_path / "principals.yaml"
    path.write_text("users: {ann: {functions: [sales]}}")
    policy = load_policy(None)
    known = KnownPrincipals(load_principals(path, policy))
    watched = WatchedFile(path, lambda: load_principals(path, policy), known)
    before = known.directory
    with caplog.at_level(logging.ERROR):
        for text in ("users: {ann: {functions: [sales", "users:\n  ann: {functions: [finanse]}", ""):
            path.write_text(text)
            await watched.look()
            assert known.directory is before
        path.unlink()
        await watched.look()
    assert known.directory is before
    assert "principals.yaml:2: users.ann.functions[0]" in caplog.text
    path.write_text("users: {ann: {functions: [finance]}}")
    await watched.look()
    found = known.find("users/ann")
    assert found is not None
    assert found.functions == {"finance"}


async def test_a_file_that_was_put_in_place_of_another_is_noticed(tmp_path: Path) -> None:
    """As editors and configuration managers write: another file under the same name, or a link moved on."""
    policy = load_policy(None)
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text("users: {ann: {functions: [sales]}}")
    other.write_text("users: {ben: {functions: [sales]}}")
    link = tmp_path / "principals.yaml"
    link.symlink_to(one)
    known = KnownPrincipals(load_principals(link, policy))
    watched = WatchedFile(link, lambda: load_principals(link, policy), known)
    moved = tmp_path / "moved"
    moved.symlink_to(other)
    moved.replace(link)
    await watched.look()
    assert (known.find("users/ann"), known.find("users/ben") is not None) == (None, True)


def test_the_file_says_which_roles_give_a_function() -> None:
    """Roles are named as the provider spells them; a function that the policy does not have is a problem."""
    text = 'users: {}\nroles: {finance: ["CN=Ledger,O=X", accounting], sales: [crm-sales]}\n'
    directory = parse_principals(text, load_policy(None))
    functions = {"finance", "sales", "support"}
    assert directory.functions_of({"accounting", "support"}, functions) == {"finance", "support"}
    assert directory.functions_of({"finance", "sales"}, functions) == frozenset()
    with pytest.raises(ValueError, match="did you mean finance"):
        parse_principals("users: {}\nroles: {finanse: [x]}\n", load_policy(None))
