"""PolicyService: the versions of the policy, and what another one would decide."""

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.policy_versions import PolicyVersion, policy_version_name
from dedup_service.rpc import enum_numbers, resource_names
from dedup_service.rpc.callers import Caller
from dedup_service.rpc.edge import Edge
from dedup_service.rpc.field_checks import check_etag, check_policy_text, check_text
from dedup_service.rpc.page_tokens import page_size
from dedup_service.rpc.quantities import timestamp
from dedup_service.rpc.voting_conversion import ballot_message
from dedup_service.v1 import policy_service_pb2 as pb
from dedup_service.workflows.pages import Page
from dedup_service.workflows.simulating import Difference, Weighed

_IN_FORCE = policy_version_name("current")
_PAST_WHEN_NOT_SAID = 1000


class PolicyService:
    """Answers the methods of `dedup_service.v1.PolicyService`."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._policies = edge.desk.policies

    async def get_policy(self, request: pb.GetPolicyRequest) -> pb.Policy:
        version = ""
        if request.name != _IN_FORCE:
            version = resource_names.policy_version(request.name, "name")
        await self._edge.fresh(request)
        return self._message(await self._policies.version(version))

    async def update_policy(self, request: pb.UpdatePolicyRequest, caller: Caller) -> pb.Policy:
        given = request.policy
        if given.name not in ("", _IN_FORCE):
            raise InvalidInput.at(
                "policy.name", f"must be {_IN_FORCE} or empty: a version is never changed, a new one is made"
            )
        stored = await self._policies.update(
            caller.request(request, request.request_id),
            check_policy_text(given.text, "policy.text"),
            check_text(given.comment, "policy.comment"),
            check_etag(given.etag, "policy.etag"),
            caller.principal,
            request.validate_only,
        )
        message = self._message(stored)
        if request.validate_only:
            message.ClearField("etag")
            message.ClearField("revision")
        return message

    async def list_policy_versions(
        self, request: pb.ListPolicyVersionsRequest
    ) -> pb.ListPolicyVersionsResponse:
        page = Page(after=self._edge.pages.cursor(request), size=page_size(request))
        await self._edge.fresh(request)
        listed = await self._edge.desk.store.read(lambda tx: tx.list_policy_versions(page))
        response = pb.ListPolicyVersionsResponse(
            policies=map(self._message, listed.items),
            next_page_token=self._edge.next_page(request, listed.next),
        )
        for message in response.policies:
            # A page of whole texts could be larger than any message may be.
            message.ClearField("text")
        return response

    async def simulate_policy(self, request: pb.SimulatePolicyRequest) -> pb.SimulatePolicyResponse:
        text = check_policy_text(request.text, "text")
        past_limit = request.past_limit if request.HasField("past_limit") else _PAST_WHEN_NOT_SAID
        await self._edge.fresh(request)
        found = await self._edge.desk.simulating.simulate(text, past_limit)
        return pb.SimulatePolicyResponse(
            version=found.version,
            open_count=found.open_count,
            past_count=found.past_count,
            skipped_count=found.skipped_count,
            differing_count=found.differing_count,
            differences=map(_difference, found.differences),
        )

    def _message(self, version: PolicyVersion) -> pb.Policy:
        return pb.Policy(
            name=version.name,
            text=version.text,
            version=version.version,
            number=version.number,
            origin=enum_numbers.POLICY_ORIGIN[version.origin],
            author=version.author,
            comment=version.comment,
            create_time=timestamp(version.create_time),
            etag=version.version,
            revision=self._edge.tokens.message(version.revision),
        )


def _difference(difference: Difference) -> pb.PolicyDifference:
    return pb.PolicyDifference(
        merge_proposal=difference.proposal_name,
        state=enum_numbers.PROPOSAL_STATE[difference.state],
        before=_weighed(difference.before),
        after=_weighed(difference.after),
        newly_asked=difference.newly_asked,
        no_longer_asked=difference.no_longer_asked,
        people_newly_asked=difference.people_newly_asked,
        people_no_longer_asked=difference.people_no_longer_asked,
    )


def _weighed(weighed: Weighed) -> pb.PolicyDecision:
    return pb.PolicyDecision(
        impact=enum_numbers.IMPACT[weighed.impact],
        outcome=enum_numbers.VOTE_OUTCOME[weighed.outcome],
        approved=weighed.approved,
        functions=weighed.functions,
        vetoes=weighed.vetoes,
        missing_functions=weighed.missing_functions,
        ballot=ballot_message(weighed.ballot),
    )
