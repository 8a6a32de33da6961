"""Steps on merges: carried out, undone, undone again, looked at; and what links and accounts do to them."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from dedup_service.v1 import distinction_service_pb2, golden_record_service_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as proposal_pb
from dedup_service.v1 import merge_service_pb2 as pb
from tests.canonical_dump import canonical_dump
from tests.merge_desk import POLICY
from tests.trust.model.machine import IMPORTER, MATCHER, PEOPLE
from tests.trust.model.proposal_steps import ETAGS, VOTERS, ProposalSteps
from tests.trust.model.reference import Rec


class MergeSteps(ProposalSteps):
    """What merges records and takes them apart again."""

    def executed(self, kind: str, proposal_id: str, etag: str, who: str) -> str:
        """Carry a proposal out, or see it refused as the oracle says; the merge, if there is one."""
        expected = self.why_not_locked(proposal_id, etag)
        if expected == "OK":
            expected = self.why_not_executed(proposal_id, who)
        request = proposal_pb.ExecuteMergeProposalRequest(
            name=f"mergeProposals/{proposal_id}",
            etag=self.etag(proposal_id, etag),
            request_id=self.request_id(),
        )
        answer = self.step(kind, "proposals.ExecuteMergeProposal", request, who, expected)
        if answer is None:
            return ""
        merge_id = str(answer.name).removeprefix("merges/")
        self.reference.merge(merge_id, proposal_id, answer.survivor.removeprefix("goldenRecords/"))
        return merge_id

    def why_not_executed(self, proposal_id: str, who: str) -> str:
        case, poll = self.asked(proposal_id)
        name = who if "/" in who else f"users/{who}"
        if name != self.reference.proposals[proposal_id].proposer and name.startswith("users/"):
            refused = self.why_no_vote(proposal_id, who)
            if refused != "OK":
                return refused
        return "OK" if poll.result(case).approved else "FAILED_PRECONDITION"

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), who=VOTERS, etag=ETAGS)
    def execute(self, data: st.DataObject, who: str, etag: str) -> None:
        self.executed("execute", self.open_proposal(data), etag, who)

    def approved(self) -> list[str]:
        return [i for i in self.reference.opened() if self.proposal(i).state == "APPROVED"]

    @precondition(lambda self: self.approved())
    @rule(data=st.data())
    def execute_approved(self, data: st.DataObject) -> None:
        self.executed("execute_approved", data.draw(st.sampled_from(self.approved())), "seen", MATCHER)

    @precondition(lambda self: self.approved())
    @rule(data=st.data())
    def merge_and_undo(self, data: st.DataObject) -> None:
        """Merge then undo is the identity on the canonical dump (B-4)."""
        before = self.dump()
        merge_id = self.executed(
            "merge_and_undo", data.draw(st.sampled_from(self.approved())), "seen", MATCHER
        )
        if merge_id:
            self.holds()
            assert self.undone("undo_at_once", merge_id, self.who_may_undo(merge_id), "seen")
            assert self.dump() == before

    def dump(self) -> object:
        return self.service.run(canonical_dump(self.service.api.office.store, POLICY))

    def who_may_undo(self, merge_id: str) -> str:
        """Somebody with a stake; every source belongs to a function, so there is somebody."""
        asked = self.stakes(list(self.reference.merges[merge_id].before), with_sources=True)
        return next(who for who in PEOPLE if self.mandates(who) & asked)

    def undone(self, kind: str, merge_id: str, who: str, etag: str, *, preview: bool = False) -> bool:
        """Undo a merge, or see it refused; undone twice is undone once (B-4), the later one first (B-5)."""
        merged = self.reference.merges[merge_id]
        line = self.stored.merges[merge_id]
        shown = f'"{line.state}-{line.body["undo_revision"] or line.revision}"'
        expected = "INVALID_ARGUMENT" if etag == "none" else "OK"
        if who == MATCHER:
            expected = "PERMISSION_DENIED"
        elif merged.stands and expected == "OK":
            if self.reference.successor[merged.survivor]:
                expected = "FAILED_PRECONDITION"
            elif etag == "stale":
                expected = "ABORTED"
            elif not self.mandates(who) & self.stakes(list(merged.before), with_sources=True):
                expected = "PERMISSION_DENIED"
        request = pb.UndoMergeRequest(
            name=f"merges/{merge_id}",
            etag={"seen": shown, "stale": '"EXECUTED-0"', "none": ""}[etag],
            reason="they are two",
            validate_only=preview,
            request_id="" if preview else self.request_id(),
        )
        done = self.step(kind, "merges.UndoMerge", request, who, expected)
        if done is not None and merged.stands and not preview:
            self.reference.undo(merge_id)
        return done is not None

    @precondition(lambda self: self.reference.merges)
    @rule(data=st.data(), who=VOTERS, etag=ETAGS)
    def undo(self, data: st.DataObject, who: str, etag: str) -> None:
        self.undone("undo", data.draw(st.sampled_from(list(self.reference.merges))), who, etag)

    @precondition(lambda self: any(merged.stands for merged in self.reference.merges.values()))
    @rule(data=st.data())
    def undo_standing(self, data: st.DataObject) -> None:
        standing = [i for i, merged in self.reference.merges.items() if merged.stands]
        merge_id = data.draw(st.sampled_from(standing))
        self.undone("undo_standing", merge_id, self.who_may_undo(merge_id), "seen")

    @precondition(lambda self: self.reference.merges)
    @rule(data=st.data(), who=VOTERS)
    def preview_undo(self, data: st.DataObject, who: str) -> None:
        """A preview answers as the undo would and changes nothing."""
        merge_id = data.draw(st.sampled_from(list(self.reference.merges)))
        self.undone("preview_undo", merge_id, who, "seen", preview=True)

    @precondition(lambda self: len(self.reference.records) > 1)
    @rule(data=st.data(), who=st.sampled_from([MATCHER, "ann", "fiona"]))
    def distinguish(self, data: st.DataObject, who: str) -> None:
        known = st.sampled_from(list(self.reference.records))
        one, other = data.draw(st.lists(known, min_size=2, max_size=2, unique=True))
        goldens = [self.reference.records[name].golden for name in (one, other)]
        expected = "OK"
        if goldens[0] == goldens[1]:
            expected = "FAILED_PRECONDITION"
        elif who != MATCHER and not self.mandates(who) & self.stakes(goldens, with_sources=False):
            expected = "PERMISSION_DENIED"
        names = ["sources/{}/records/{}".format(*name.split("/")) for name in (one, other)]
        request = distinction_service_pb2.CreateDistinctionRequest(
            distinction=distinction_service_pb2.Distinction(
                left=names[:1], right=names[1:], reason="two people"
            ),
            request_id=self.request_id(),
        )
        answer = self.step("distinguish", "distinctions.CreateDistinction", request, who, expected)
        if answer is not None:
            own = answer.name.removeprefix("distinctions/")
            self.reference.links[own] = (frozenset([one]), frozenset([other]))
            self.reference.replan(goldens)

    @precondition(lambda self: self.reference.links)
    @rule(data=st.data(), is_stale=st.booleans())
    def forget_distinction(self, data: st.DataObject, is_stale: bool) -> None:
        own = data.draw(st.sampled_from(list(self.reference.links)))
        body = self.stored.of("distinctions")[own].body
        creator = body["creator"].removeprefix("users/")
        etag = '"0"' if is_stale else f'"{body["revision"]}"'
        request = distinction_service_pb2.DeleteDistinctionRequest(
            name=f"distinctions/{own}", etag=etag, request_id=self.request_id()
        )
        expected = "ABORTED" if is_stale else "OK"
        if (
            self.step("forget_distinction", "distinctions.DeleteDistinction", request, creator, expected)
            is not None
        ):
            del self.reference.links[own]

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data(), who=st.sampled_from(["fiona", IMPORTER, "ann"]), is_stale=st.booleans())
    def confirm_account(self, data: st.DataObject, who: str, is_stale: bool) -> None:
        """Finance makes a provisional account known to its books."""
        golden_id = self.reference.records[self.known(data)].golden
        line = self.stored.goldens[golden_id]
        number = f"C-{len(self.reference.records) + 100}"
        name = f"erp/n{len(self.reference.records)}"
        expected = "OK"
        if who != IMPORTER and "finance" not in self.mandates(who):
            expected = "PERMISSION_DENIED"
        elif not self.is_provisional(golden_id):
            expected = "FAILED_PRECONDITION"
        elif is_stale:
            expected = "ABORTED"
        request = golden_record_service_pb2.ConfirmAccountRequest(
            name=f"goldenRecords/{golden_id}",
            etag='"0"' if is_stale else f'"{line.version}"',
            record="sources/{}/records/{}".format(*name.split("/")),
            customer_number=number,
        )
        if self.step("confirm_account", "golden_records.ConfirmAccount", request, who, expected) is not None:
            self.look()
            # The company is called as the golden record shows it.
            values = self.line(name).draft["values"]
            assert values.keys() <= {"customer_number", "company_name"}
            assert values["customer_number"] == number
            self.reference.records[name] = Rec("ACCOUNT", golden_id, values)
            self.reference.replan([golden_id])

    def is_provisional(self, golden_id: str) -> bool:
        """A live account of which no active record of the customer master has a number."""
        own = [self.reference.records[name] for name in self.reference.members(golden_id)]
        named = [name for name in self.reference.members(golden_id) if name.startswith("erp/")]
        accounts = [rec for rec in own if rec.kind == "ACCOUNT" and rec.state == "ACTIVE"]
        numbered = any(
            rec.state == "ACTIVE" and rec.values.get("customer_number")
            for rec in (self.reference.records[name] for name in named)
        )
        return self.reference.state(golden_id) == "LIVE" and bool(accounts) and not numbered
