"""Steps on proposals: made, changed, voted on, withdrawn, decided many at once."""

from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from dedup_service.v1 import merge_proposal_pb2, voting_pb2
from dedup_service.v1 import merge_proposal_service_pb2 as pb
from tests.trust.model.machine import MATCHER, PEOPLE, Machine
from tests.trust.model.reference import Proposed

VOTERS = st.sampled_from([*PEOPLE, MATCHER])
ETAGS = st.sampled_from(["seen", "seen", "seen", "seen", "stale", "none"])


class ProposalSteps(Machine):
    """What stewards do before a merge."""

    def proposed(
        self, kind: str, golden_ids: list[str], who: str, survivor: str = "", choice: str = ""
    ) -> None:
        """Propose a merge of these golden records, or see it refused as the reference foretells."""
        expected = self.why_not_proposed(golden_ids, survivor, choice)
        message = merge_proposal_pb2.MergeProposal(
            golden_records=[f"goldenRecords/{golden_id}" for golden_id in golden_ids],
            survivor=f"goldenRecords/{survivor}" if survivor else "",
            field_choices={"email": "sources/{}/records/{}".format(*choice.split("/"))} if choice else {},
            comment="they look alike",
        )
        request = pb.CreateMergeProposalRequest(merge_proposal=message, request_id=self.request_id())
        answer = self.step(kind, "proposals.CreateMergeProposal", request, who, expected)
        if answer is not None:
            proposal_id = answer.name.removeprefix("mergeProposals/")
            name = who if "/" in who else f"users/{who}"
            self.reference.proposals[proposal_id] = Proposed(frozenset(golden_ids), name)

    def why_not_proposed(self, golden_ids: list[str], survivor: str, choice: str) -> str:
        reference = self.reference
        if reference.proposed(golden_ids):
            return "FAILED_PRECONDITION"
        if len(set(golden_ids)) < 2 or any(reference.state(g) != "LIVE" for g in golden_ids):
            return "INVALID_ARGUMENT"
        return self.why_no_plan(golden_ids, survivor, choice)

    def why_no_plan(self, golden_ids: Any, survivor: str, choice: str) -> str:
        """What a plan of live golden records may be refused for: kinds, survivor, choice."""
        above = {g for g in golden_ids if self.reference.kind(g) != "LEAD"}
        members = {name for g in golden_ids for name in self.reference.members(g)}
        wrong = (
            self.reference.mixed(golden_ids)
            or bool(survivor and (survivor not in golden_ids or (above and survivor not in above)))
            or bool(choice and (choice not in members or self.reference.records[choice].state != "ACTIVE"))
        )
        return "INVALID_ARGUMENT" if wrong else "OK"

    @precondition(lambda self: len(self.reference.live()) > 1)
    @rule(data=st.data(), who=st.sampled_from([MATCHER, "ann", "fiona"]))
    def propose(self, data: st.DataObject, who: str) -> None:
        live = st.sampled_from(self.reference.live())
        pair = data.draw(st.lists(live, min_size=2, max_size=2, unique=True))
        self.proposed("propose", pair, who)

    @precondition(lambda self: len(self.reference.live()) > 1)
    @rule(data=st.data())
    def propose_alike(self, data: st.DataObject) -> None:
        """Two of one kind, so that more than the refusals of kinds is seen."""
        kind = data.draw(st.sampled_from(["CONTACT", "ACCOUNT", "LEAD"]))
        alike = [g for g in self.reference.live() if self.reference.kind(g) == kind]
        if len(alike) > 1:
            pair = data.draw(st.lists(st.sampled_from(alike), min_size=2, max_size=2, unique=True))
            self.proposed("propose_alike", pair, MATCHER)

    @precondition(lambda self: len(self.reference.successor) > 2)
    @rule(data=st.data())
    def propose_many(self, data: st.DataObject) -> None:
        """Up to four of whatever ids were ever issued, with a survivor and a choice."""
        ids = list(self.reference.successor)
        chosen = data.draw(st.lists(st.sampled_from(ids), min_size=2, max_size=4, unique=True))
        self.proposed("propose_many", chosen, MATCHER, survivor=chosen[0], choice=self.known(data))

    @precondition(lambda self: self.reference.records)
    @rule(data=st.data())
    def propose_alone(self, data: st.DataObject) -> None:
        golden_id = self.reference.records[self.known(data)].golden
        self.proposed("propose_alone", [golden_id], MATCHER)

    def open_proposal(self, data: st.DataObject) -> str:
        """A proposal, mostly one that is open."""
        opened = self.reference.opened()
        wants_open = data.draw(st.integers(0, 5)) > 0
        if opened and wants_open:
            return data.draw(st.sampled_from(opened))
        return data.draw(st.sampled_from(list(self.reference.proposals)))

    def why_not_locked(self, proposal_id: str, etag: str) -> str:
        """What any write to a proposal is refused for before all else."""
        if etag == "none":
            return "INVALID_ARGUMENT"
        if proposal_id not in self.reference.opened():
            return "FAILED_PRECONDITION"
        return "ABORTED" if etag == "stale" else "OK"

    def etag(self, proposal_id: str, etag: str) -> str:
        return {"seen": self.seen(proposal_id), "stale": "0" * 64, "none": ""}[etag]

    def why_no_vote(self, proposal_id: str, who: str) -> str:
        """Whether somebody has a say: people but the proposer, of a function that is asked."""
        _, poll = self.asked(proposal_id)
        proposer = self.reference.proposals[proposal_id].proposer
        asked = {f for f, weight in poll.weights.items() if weight} | {poll.arbiter} | self._lifting(poll)
        may = f"users/{who}" != proposer and self.mandates(who, proposer) & asked
        return "OK" if may else "PERMISSION_DENIED"

    def _lifting(self, poll: Any) -> set[str]:
        return {"finance"} if poll.vetoes & {"DIFFERENT_TAX_IDS", "DIFFERENT_CUSTOMER_NUMBERS"} else set()

    def voted(self, kind: str, proposal_id: str, etag: str, who: str, *, approve: bool) -> None:
        expected = self.why_not_locked(proposal_id, etag)
        if who == MATCHER:
            # Service accounts do not get as far as the proposal.
            expected = "PERMISSION_DENIED"
        elif expected == "OK":
            expected = self.why_no_vote(proposal_id, who)
        of = pb.ApproveMergeProposalRequest if approve else pb.RejectMergeProposalRequest
        request = of(
            name=f"mergeProposals/{proposal_id}",
            etag=self.etag(proposal_id, etag),
            comment="seen" if approve else "not the same",
            request_id=self.request_id(),
        )
        method = f"proposals.{'Approve' if approve else 'Reject'}MergeProposal"
        if self.step(kind, method, request, who, expected) is not None:
            self.note_outcome([proposal_id])

    def note_outcome(self, proposal_ids: list[str]) -> None:
        """Whether votes ended a proposal; what they must have given, the oracle has said by now."""
        self.look()
        for proposal_id in proposal_ids:
            if self.proposal(proposal_id).state == "REJECTED":
                self.reference.proposals[proposal_id].state = "REJECTED"

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), who=VOTERS, etag=ETAGS)
    def approve(self, data: st.DataObject, who: str, etag: str) -> None:
        self.voted("approve", self.open_proposal(data), etag, who, approve=True)

    @precondition(lambda self: self.reference.opened())
    @rule(data=st.data())
    def approve_as_asked(self, data: st.DataObject) -> None:
        """Somebody of a function that is missing."""
        proposal_id = data.draw(st.sampled_from(self.reference.opened()))
        missing = self.proposal(proposal_id).missing_functions
        able = [who for who in PEOPLE if self.mandates(who) & set(missing)]
        if able:
            who = data.draw(st.sampled_from(able))
            self.voted("approve_as_asked", proposal_id, "seen", who, approve=True)

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), who=VOTERS, etag=ETAGS)
    def reject(self, data: st.DataObject, who: str, etag: str) -> None:
        self.voted("reject", self.open_proposal(data), etag, who, approve=False)

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), etag=ETAGS, is_own=st.booleans())
    def withdraw(self, data: st.DataObject, etag: str, is_own: bool) -> None:
        proposal_id = self.open_proposal(data)
        proposal = self.reference.proposals[proposal_id]
        who = proposal.proposer.removeprefix("users/") if is_own else "olga"
        expected = self.why_not_locked(proposal_id, etag)
        if expected == "OK" and not is_own:
            expected = "PERMISSION_DENIED"
        request = pb.WithdrawMergeProposalRequest(
            name=f"mergeProposals/{proposal_id}",
            etag=self.etag(proposal_id, etag),
            request_id=self.request_id(),
        )
        if self.step("withdraw", "proposals.WithdrawMergeProposal", request, who, expected) is not None:
            proposal.state = "WITHDRAWN"

    def replanned(self, kind: str, data: st.DataObject, mask: str, etag: str, who: str) -> None:
        """Choose another survivor or another value; refused for whom it is not to say."""
        proposal_id = self.open_proposal(data)
        proposal = self.reference.proposals[proposal_id]
        survivor = choice = ""
        message = merge_proposal_pb2.MergeProposal(
            name=f"mergeProposals/{proposal_id}", etag=self.etag(proposal_id, etag)
        )
        if mask == "survivor":
            survivor = data.draw(st.sampled_from(sorted(self.reference.live()) or sorted(proposal.members)))
            message.survivor = f"goldenRecords/{survivor}"
        else:
            choice = self.known(data)
            message.field_choices["email"] = "sources/{}/records/{}".format(*choice.split("/"))
        expected = self.why_not_locked(proposal_id, etag)
        if expected == "OK":
            expected = self.why_no_plan(proposal.members, survivor, choice)
        name = who if "/" in who else f"users/{who}"
        if expected == "OK" and name != proposal.proposer:
            expected = self.why_no_vote(proposal_id, who)
        request = pb.UpdateMergeProposalRequest(
            merge_proposal=message, update_mask=FieldMask(paths=[mask]), request_id=self.request_id()
        )
        if self.step(kind, "proposals.UpdateMergeProposal", request, who, expected) is not None:
            self.note_outcome([proposal_id])

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), etag=ETAGS, who=VOTERS)
    def change_survivor(self, data: st.DataObject, etag: str, who: str) -> None:
        self.replanned("change_survivor", data, "survivor", etag, who)

    @precondition(lambda self: self.reference.proposals and self.reference.records)
    @rule(data=st.data(), etag=ETAGS, who=VOTERS)
    def change_choice(self, data: st.DataObject, etag: str, who: str) -> None:
        self.replanned("change_choice", data, "field_choices", etag, who)

    @precondition(lambda self: len(self.reference.proposals) > 1)
    @rule(data=st.data(), who=VOTERS, approve=st.booleans())
    def decide_batch(self, data: st.DataObject, who: str, approve: bool) -> None:
        """Votes on several at once: each as if it were cast alone."""
        known = st.sampled_from(list(self.reference.proposals))
        chosen = data.draw(st.lists(known, min_size=1, max_size=3, unique=True))
        expected = []
        for proposal_id in chosen:
            why = self.why_not_locked(proposal_id, "seen")
            expected.append(why if why != "OK" else self.why_no_vote(proposal_id, who))
        request = pb.BatchDecideMergeProposalsRequest(
            decision=voting_pb2.VOTE_DECISION_APPROVE if approve else voting_pb2.VOTE_DECISION_REJECT,
            proposals=[pb.ChosenProposal(name=f"mergeProposals/{i}", etag=self.seen(i)) for i in chosen],
            comment="as seen",
        )
        answer = self.step("decide_batch", "proposals.BatchDecideMergeProposals", request, who, "OK")
        decided = [decision.decided for decision in answer.decisions]
        assert decided == [why == "OK" for why in expected], (decided, expected)
        self.note_outcome(chosen)

    @precondition(lambda self: self.reference.proposals)
    @rule(data=st.data(), who=st.sampled_from(PEOPLE))
    def read_proposal(self, data: st.DataObject, who: str) -> None:
        """Anybody may look at a proposal; its state and etag are those that are stored."""
        proposal_id = data.draw(st.sampled_from(list(self.reference.proposals)))
        request = pb.GetMergeProposalRequest(name=f"mergeProposals/{proposal_id}")
        answer = self.step("read_proposal", "proposals.GetMergeProposal", request, who, "OK")
        state = merge_proposal_pb2.MergeProposalState.Name(answer.state)
        assert state == f"MERGE_PROPOSAL_STATE_{self.proposal(proposal_id).state}"
        assert answer.etag == self.seen(proposal_id)

    @rule(who=st.sampled_from(PEOPLE))
    def count_proposals(self, who: str) -> None:
        request = pb.CountMergeProposalsRequest(filter="open = true")
        answer = self.step("count_proposals", "proposals.CountMergeProposals", request, who, "OK")
        assert answer.total_count == len(self.reference.opened())
