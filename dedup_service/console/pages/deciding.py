"""What happens when somebody decides: approve, reject, say that it is no duplicate, take back, merge, skip.

Each answer leads to the next proposal of the list that the visitor goes through, and says there what was
done. Of a form that is sent twice the calls are the same, with the same request ids: they happen once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import Response

from dedup_service.client import ServiceError
from dedup_service.console.said import Said
from dedup_service.console.texts.languages import later as _
from dedup_service.console.texts.marks import plain
from dedup_service.console.texts.sentences import say_plainly
from dedup_service.console.views import addresses
from dedup_service.console.views.deciding import (
    NameToType,
    checked_names,
    decide_form,
    effect_id,
    names_to_type,
    parted_ends,
    title_of,
)
from dedup_service.console.views.queue import queue_of
from dedup_service.console.visit import Visit
from dedup_service.v1.distinction_service_pb2 import CreateDistinctionRequest, Distinction
from dedup_service.v1.merge_proposal_pb2 import MergeProposal, MergeProposalState
from dedup_service.v1.merge_proposal_service_pb2 import (
    ApproveMergeProposalRequest,
    ExecuteMergeProposalRequest,
    GetMergeProposalRequest,
    ListMergeProposalsRequest,
    MergeProposalView,
    RejectMergeProposalRequest,
    WithdrawMergeProposalRequest,
)

_APPROVED = MergeProposalState.MERGE_PROPOSAL_STATE_APPROVED
_REJECTED = MergeProposalState.MERGE_PROPOSAL_STATE_REJECTED
_OPEN = (MergeProposalState.MERGE_PROPOSAL_STATE_PENDING, _APPROVED)
# Refusals that tell the visitor something about this proposal; the others are problems of any page.
_ANSWERED = {
    "ETAG_MISMATCH": (409, _("Nothing was decided: it is not what you saw any more")),
    "STATE_NOT_ALLOWED": (409, _("Nothing was decided: it is over already")),
    "VETOED": (409, _("Nothing was merged: a rule stops it")),
    "APPROVALS_MISSING": (409, _("Nothing was merged: somebody has still to approve")),
    "NOT_AN_APPROVER": (403, _("Nothing was decided: you have no say in this")),
    "SELF_APPROVAL": (403, _("Nothing was decided: who proposes does not decide")),
    "MISSING_ROLE": (403, _("Nothing was decided: you have no say in this")),
}


@dataclass(frozen=True, slots=True)
class _Decision:
    """A form as it was sent, with the proposal as it is now. `queue` is None where there was no list."""

    visit: Visit
    proposal: MergeProposal
    etag: str
    request_id: str
    comment: str
    function: str
    queue: str | None

    @property
    def name(self) -> str:
        return self.proposal.name

    @property
    def title(self) -> str:
        return plain(title_of(self.proposal))

    @property
    def url(self) -> str:
        """The proposal itself, in the same list."""
        return addresses.with_query(addresses.of(self.name), {"queue": self.queue or ""})

    def effect(self, verb: str) -> str:
        return effect_id(self.request_id, verb, self.etag, self.function, self.comment)


def approve(visit: Visit) -> Response:
    """Vote for it, and merge at once where the button said so and then nothing is missing."""
    return _decided(visit, _approve, asks_names=True)


def reject(visit: Visit) -> Response:
    """Vote against it."""
    return _decided(visit, _reject)


def part(visit: Visit) -> Response:
    """Vote against it, and note that they are different."""
    return _decided(visit, _part)


def withdraw(visit: Visit) -> Response:
    """Take one's own proposal back."""
    return _decided(visit, _withdraw)


def merge(visit: Visit) -> Response:
    """Carry an approved one out."""
    return _decided(visit, _merge, asks_names=True)


def skip(visit: Visit) -> Response:
    """To the next one of the list, with nothing said about this one."""
    name, queue = f"mergeProposals/{visit.path['id']}", visit.query.get("queue", "")
    following = _following(visit, name, queue)
    if following:
        return visit.redirect(following)
    said = Said(visit.language("That was the last one of this list."))
    return visit.redirect(f"/inbox?{queue_of(queue).first.written}", said)


def _decided(visit: Visit, work: Callable[[_Decision], Said], *, asks_names: bool = False) -> Response:
    """Do it and go on; or say that nothing was decided, and why."""
    name = f"mergeProposals/{visit.path['id']}"
    proposal = visit.desk.merge_proposals.GetMergeProposal(GetMergeProposalRequest(name=name))
    has_list = isinstance(visit.form.get("queue"), str)
    decision = _Decision(
        visit=visit,
        proposal=proposal,
        etag=visit.text("etag", 200),
        request_id=visit.text("request_id", 100),
        comment=visit.text("comment"),
        function=visit.text("function", 200),
        queue=queue_of(visit.text("queue", 4000)).first.written if has_list else None,
    )
    # Of another plan, or after the merge, the names may be others: the service says what is so.
    if asks_names and proposal.etag == decision.etag and proposal.state in _OPEN:
        names = names_to_type(proposal)
        checked = checked_names(names, [visit.text(each.field) for each in names])
        if any(each.is_wrong for each in checked):
            return _asked_again(decision, checked)
    try:
        said = work(decision)
    except ServiceError as error:
        if error.reason not in _ANSWERED:
            raise
        return _not_decided(decision, error)
    return visit.redirect(_onward(decision), said)


def _approve(decision: _Decision) -> Said:
    visit, say = decision.visit, decision.visit.language
    voted = visit.desk.merge_proposals.ApproveMergeProposal(
        ApproveMergeProposalRequest(
            name=decision.name,
            etag=decision.etag,
            comment=decision.comment,
            function=decision.function,
            request_id=decision.effect("approve"),
        )
    )
    if voted.state == _APPROVED and visit.text("then", 20) == "merge":
        try:
            return _merge(decision)
        except ServiceError as error:
            told = say("You approved {name}, but it was not merged: {why}")
            return Said(
                told.format(name=decision.title, why=say_plainly(error.message, decision.visit.names)),
                False,
                say("Look at it"),
                decision.url,
            )
    if voted.state == _APPROVED:
        told = say("You approved {name}. Nothing is missing any more: it can be merged.")
        return Said(told.format(name=decision.title), True, say("Look at it"), decision.url)
    return _said_of_vote(decision, voted, say("You approved {name}."))


def _reject(decision: _Decision) -> Said:
    voted = decision.visit.desk.merge_proposals.RejectMergeProposal(
        RejectMergeProposalRequest(
            name=decision.name,
            etag=decision.etag,
            comment=decision.comment,
            function=decision.function,
            request_id=decision.effect("reject"),
        )
    )
    return _said_of_vote(decision, voted, decision.visit.language("You rejected {name}."))


def _part(decision: _Decision) -> Said:
    said = _reject(decision)
    say = decision.visit.language
    ends = parted_ends(decision.proposal)
    if ends is None:
        return said
    left, right = ends
    asked = CreateDistinctionRequest(
        distinction=Distinction(
            left=[left.golden_record],
            right=[right.golden_record],
            reason=decision.comment or f"said to be no duplicate when {decision.name} was rejected",
        ),
        request_id=decision.effect("part"),
    )
    try:
        decision.visit.desk.distinctions.CreateDistinction(asked)
    except ServiceError as error:
        told = say("That they are different could not be noted: {why}").format(
            why=say_plainly(error.message, decision.visit.names)
        )
        return Said(f"{said.text} {told}", False, say("Look at it"), decision.url)
    return Said(f"{said.text} {say('It is noted that they are different.')}", True, said.action, said.url)


def _withdraw(decision: _Decision) -> Said:
    say = decision.visit.language
    decision.visit.desk.merge_proposals.WithdrawMergeProposal(
        WithdrawMergeProposalRequest(
            name=decision.name,
            etag=decision.etag,
            comment=decision.comment,
            request_id=decision.effect("withdraw"),
        )
    )
    return Said(
        say("You took {name} back.").format(name=decision.title), True, say("Look at it"), decision.url
    )


def _merge(decision: _Decision) -> Said:
    say = decision.visit.language
    done = decision.visit.desk.merge_proposals.ExecuteMergeProposal(
        ExecuteMergeProposalRequest(
            name=decision.name,
            etag=decision.etag,
            request_id=effect_id(decision.request_id, "merge", decision.etag),
        )
    )
    told = say("Merged: {name}.").format(name=decision.title)
    return Said(told, True, say("Undo"), f"{addresses.of(done.name)}/undo")


def _said_of_vote(decision: _Decision, voted: MergeProposal, told: str) -> Said:
    """What the vote came to; of what is still open the visitor may say something else."""
    say, names = decision.visit.language, decision.visit.names
    told = told.format(name=decision.title)
    if voted.state == _REJECTED:
        return Said(f"{told} {say('That ends it.')}", True, say("Look at it"), decision.url)
    if voted.missing_functions:
        waits = say("It still waits for {functions}.").format(
            functions=names.functions(voted.missing_functions)
        )
        told = f"{told} {waits}"
    return Said(told, True, say("Change my vote"), decision.url)


def _onward(decision: _Decision) -> str:
    """The next one of the list, the list when there is none, the proposal where there is no list."""
    if decision.queue is None:
        return addresses.of(decision.name)
    try:
        following = _following(decision.visit, decision.name, decision.queue)
    except ServiceError:
        # What was decided is decided; the list says by itself what is wrong.
        following = ""
    return following or f"/inbox?{decision.queue}"


def _following(visit: Visit, name: str, written: str) -> str:
    """The address of the proposal that comes after this one in a list; empty when there is none."""
    queue = queue_of(written).first
    found = visit.desk.merge_proposals.ListMergeProposals(
        ListMergeProposalsRequest(
            page_size=1,
            filter=queue.filter,
            order_by=queue.order_by,
            waiting_for=queue.waiting_for,
            view=MergeProposalView.MERGE_PROPOSAL_VIEW_BASIC,
            after=name,
        )
    ).merge_proposals
    return addresses.with_query(addresses.of(found[0].name), {"queue": queue.written}) if found else ""


def _asked_again(decision: _Decision, names: tuple[NameToType, ...]) -> Response:
    """The form once more, with what was typed and what is wrong with it."""
    visit = decision.visit
    form = decide_form(decision.proposal, decision.queue, comment=decision.comment)
    return visit.render(
        "not_decided.html.jinja",
        status=422,
        proposal=decision.proposal,
        title=decision.title,
        heading=visit.language("Type both names"),
        detail=visit.language("Nothing was decided yet: a name is not the one that is asked for."),
        violations=(),
        changes=(),
        look_url=decision.url,
        next_url="",
        decide=replace(form, names=names),
    )


def _not_decided(decision: _Decision, error: ServiceError) -> Response:
    """What stands against it, what changed, and the way back to look again."""
    visit = decision.visit
    changes = tuple(part for part in error.metadata.get("changes", "").split("; ") if part)
    status, heading = _ANSWERED[error.reason]
    skip_url = f"{addresses.of(decision.name)}/next"
    return visit.render(
        "not_decided.html.jinja",
        status=status,
        proposal=decision.proposal,
        title=decision.title,
        heading=visit.language(heading),
        detail="" if changes else error.message,
        violations=tuple(each for each in error.violations if each.description != error.message),
        changes=changes,
        look_url=decision.url,
        next_url=addresses.with_query(skip_url, {"queue": decision.queue}) if decision.queue else "",
        decide=None,
    )
