"""Who may call what: one line for each method of the API, and none without a line.

`Who` is the whole rule in a sentence, and the part of it that the gate asks of the caller before the work.
What needs the records, the votes or the sources of the request is asked by the workflow in the transaction
that decides. `python -m dedup_service.rpc.access` prints the table of docs/access.md.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.descriptor import MethodDescriptor

from dedup_service.domain.errors import PermissionRefused, Reason
from dedup_service.domain.policy import Policy
from dedup_service.domain.principals import Principal


class CallClass(StrEnum):
    """What sort of work a method is, for limits: each class has a rate of its own."""

    MATCH = "MATCH"
    READ = "READ"
    WRITE = "WRITE"
    DECIDE = "DECIDE"
    MANAGE = "MANAGE"
    # Answers that stay open: streams of the service alone, and waiting for an operation.
    WATCH = "WATCH"


class Part(StrEnum):
    """How many of the people, or of the service accounts, the gate lets through to the work."""

    ALL = "all"
    # People who hold a function by their own role; service accounts that are named for a source.
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Who:
    """Whose call is answered: the rule as a sentence, and the part of it that the gate decides."""

    rule: str
    people: Part = Part.ALL
    services: Part = Part.ALL
    # Those whose people may, as far as that is known without the request.
    functions: Callable[[Policy], Iterable[str]] = lambda _: ()

    def check(self, caller: Principal, policy: Policy) -> None:
        """Refuse a caller whom no request of this method would be answered.

        Raises:
            PermissionRefused: NOT_AN_APPROVER where people or service accounts are left out altogether,
                MISSING_ROLE where this one holds no function, or no source.
        """
        part = self.people if caller.human else self.services
        if part is Part.ALL:
            return
        kind, held, what = (
            ("a person", caller.functions & policy.functions, "holds no function")
            if caller.human
            else ("a service account", caller.sources, "is named for no source")
        )
        functions = sorted(self.functions(policy))
        if part is Part.NONE:
            why = f"{caller.name} is {kind}; this is for {self.rule}"
            raise PermissionRefused(Reason.NOT_AN_APPROVER, why, functions)
        if not held:
            why = f"{caller.name} {what}; this is for {self.rule}"
            raise PermissionRefused(Reason.MISSING_ROLE, why, functions)

    @property
    def at_the_gate(self) -> str:
        """Who gets as far as the work, in words."""
        if self.people is self.services is Part.ALL:
            return "everybody"
        people = {Part.ALL: "people", Part.SOME: "people with a function", Part.NONE: ""}
        services = {Part.ALL: "service accounts", Part.SOME: "service accounts with a source", Part.NONE: ""}
        return ", ".join(filter(None, (people[self.people], services[self.services])))


def _all_functions(policy: Policy) -> Iterable[str]:
    return policy.functions


EVERYBODY = Who("every authenticated principal")
WRITERS_OF_SOURCE = Who(
    "people of the function that the source belongs to, and service accounts named for the source",
    people=Part.SOME,
    services=Part.SOME,
    functions=_all_functions,
)
INTAKE = Who(
    "every authenticated principal with `validate_only`; without it people of the function that the source "
    "belongs to, and service accounts named for the source"
)
SERVICE_OF_SOURCE = Who("service accounts named for the source", people=Part.NONE, services=Part.SOME)
MASTER_FUNCTION = Who(
    "people of the master function, also by delegation, and service accounts named for the source",
    services=Part.SOME,
    functions=lambda policy: (policy.master_function,),
)
STAKEHOLDERS = Who("people of a function with a stake, also by delegation", services=Part.NONE)
VOTERS = Who(
    "people of a function that is asked, also by delegation, but not the proposer", services=Part.NONE
)
BALLOT = Who("every authenticated principal with `validate_only`; each vote as by itself")
PROPOSER_OR_VOTERS = Who("the proposer, and people who may vote on it")
PROPOSER = Who("the proposer")
EXECUTORS = Who("the proposer, people who may vote on it, and service accounts")
DISTINGUISHERS = Who("people of a function with a stake, also by delegation, and service accounts")
DISTINCTION_CREATOR = Who("its creator, and people of a function with a stake, also by delegation")
POLICY_KEEPERS = Who(
    "people who hold the policy function by their own role; where the customer master changes, those of the "
    "master function",
    people=Part.SOME,
    services=Part.NONE,
    functions=lambda policy: (policy.policy_function,),
)
PEOPLE = Who("people, for the functions that they hold by their own role", services=Part.NONE)
DELEGATION_PARTIES = Who("its delegator and its delegate", services=Part.NONE)
JOB_HOLDERS = Who("people with a function, and service accounts", people=Part.SOME, functions=_all_functions)
JOB_CREATOR = Who(
    "its creator; where that is a service account, also people of its functions and of the policy function",
    people=Part.SOME,
    functions=_all_functions,
)
JOB_COLLEAGUES = Who(
    "its creator, people of a function of its creator, and people of the policy function",
    people=Part.SOME,
    functions=_all_functions,
)
JOB_BRAKES = Who("its creator, and people with a function")
NOBODY = Who("nobody: operations are kept, and the answer says so")


@dataclass(frozen=True, slots=True)
class Access:
    """The line of a method."""

    call_class: CallClass
    who: Who


_MATCH_ALL = Access(CallClass.MATCH, EVERYBODY)
_READ_ALL = Access(CallClass.READ, EVERYBODY)
_WATCH_ALL = Access(CallClass.WATCH, EVERYBODY)

_PACKAGE = "dedup_service.v1."
_LINES: Mapping[str, Access] = {
    "AuditService.ListAuditEntries": _READ_ALL,
    "AuditService.VerifyAudit": _READ_ALL,
    "ChangeService.ListChanges": _READ_ALL,
    "ChangeService.WatchChanges": _WATCH_ALL,
    "ChangeService.AcknowledgeChange": Access(CallClass.WRITE, SERVICE_OF_SOURCE),
    "CleanupService.CreateCleanupJob": Access(CallClass.MANAGE, JOB_HOLDERS),
    "CleanupService.GetCleanupJob": _READ_ALL,
    "CleanupService.ListCleanupJobs": _READ_ALL,
    "CleanupService.UpdateCleanupJob": Access(CallClass.MANAGE, JOB_CREATOR),
    "CleanupService.DeleteCleanupJob": Access(CallClass.MANAGE, JOB_COLLEAGUES),
    "CleanupService.RunCleanupJob": Access(CallClass.MANAGE, JOB_COLLEAGUES),
    "CleanupService.PauseCleanupJob": Access(CallClass.MANAGE, JOB_BRAKES),
    "CleanupService.ResumeCleanupJob": Access(CallClass.MANAGE, JOB_COLLEAGUES),
    "CleanupService.GetCleanupRun": _READ_ALL,
    "CleanupService.ListCleanupRuns": _READ_ALL,
    "CleanupService.WatchCleanupJob": _WATCH_ALL,
    "DelegationService.CreateDelegation": Access(CallClass.MANAGE, PEOPLE),
    "DelegationService.GetDelegation": _READ_ALL,
    "DelegationService.ListDelegations": _READ_ALL,
    "DelegationService.EndDelegation": Access(CallClass.MANAGE, DELEGATION_PARTIES),
    "DistinctionService.CreateDistinction": Access(CallClass.DECIDE, DISTINGUISHERS),
    "DistinctionService.DeleteDistinction": Access(CallClass.DECIDE, DISTINCTION_CREATOR),
    "DistinctionService.ListDistinctions": _READ_ALL,
    "GoldenRecordService.GetGoldenRecord": _READ_ALL,
    "GoldenRecordService.BatchGetGoldenRecords": _READ_ALL,
    "GoldenRecordService.ListGoldenRecords": _READ_ALL,
    "GoldenRecordService.LookupGoldenRecord": _READ_ALL,
    "GoldenRecordService.ListMembers": _READ_ALL,
    "GoldenRecordService.ListGoldenRecordVersions": _READ_ALL,
    "GoldenRecordService.ConfirmAccount": Access(CallClass.DECIDE, MASTER_FUNCTION),
    "IdentityService.GetCaller": _READ_ALL,
    "IntakeService.Route": Access(CallClass.WRITE, INTAKE),
    "IntakeService.RouteRecords": Access(CallClass.WRITE, INTAKE),
    "IntakeService.Validate": _MATCH_ALL,
    "IntakeService.ConvertLead": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
    "IntakeService.ListIntakes": _READ_ALL,
    "IntakeService.SimulateTerritories": Access(CallClass.MANAGE, EVERYBODY),
    "LeadService.ListUnattendedLeads": _READ_ALL,
    "LeadService.StudyDeadLeads": _READ_ALL,
    "MatchService.Match": _MATCH_ALL,
    "MatchService.MatchStream": _MATCH_ALL,
    "MatchService.Score": _MATCH_ALL,
    "MatchService.BatchScore": _MATCH_ALL,
    "MatchService.ExplainMatch": _MATCH_ALL,
    "MatchService.GetScoringModel": _READ_ALL,
    "MatchService.ListScoringModels": _READ_ALL,
    "MergeProposalService.CreateMergeProposal": Access(CallClass.WRITE, EVERYBODY),
    "MergeProposalService.GetMergeProposal": _READ_ALL,
    "MergeProposalService.ListMergeProposals": _READ_ALL,
    "MergeProposalService.CountMergeProposals": _READ_ALL,
    "MergeProposalService.UpdateMergeProposal": Access(CallClass.DECIDE, PROPOSER_OR_VOTERS),
    "MergeProposalService.ApproveMergeProposal": Access(CallClass.DECIDE, VOTERS),
    "MergeProposalService.RejectMergeProposal": Access(CallClass.DECIDE, VOTERS),
    "MergeProposalService.BatchDecideMergeProposals": Access(CallClass.DECIDE, BALLOT),
    "MergeProposalService.WithdrawMergeProposal": Access(CallClass.DECIDE, PROPOSER),
    "MergeProposalService.ExecuteMergeProposal": Access(CallClass.DECIDE, EXECUTORS),
    "MergeService.GetMerge": _READ_ALL,
    "MergeService.ListMerges": _READ_ALL,
    "MergeService.UndoMerge": Access(CallClass.DECIDE, STAKEHOLDERS),
    "OverviewService.StudyActivity": _READ_ALL,
    "OverviewService.StudyQueue": _READ_ALL,
    "OverviewService.StudyCalibration": _READ_ALL,
    "OverviewService.ListProvisionalAccounts": _READ_ALL,
    "OverviewService.GetIndexStatus": _READ_ALL,
    "PolicyService.GetPolicy": _READ_ALL,
    "PolicyService.UpdatePolicy": Access(CallClass.MANAGE, POLICY_KEEPERS),
    "PolicyService.ListPolicyVersions": _READ_ALL,
    "PolicyService.SimulatePolicy": Access(CallClass.MANAGE, EVERYBODY),
    "PrivacyService.ExportRecord": Access(CallClass.WATCH, WRITERS_OF_SOURCE),
    "PrivacyService.GetErasureCertificate": Access(CallClass.READ, WRITERS_OF_SOURCE),
    "RecordService.GetRecord": _READ_ALL,
    "RecordService.ListRecords": _READ_ALL,
    "RecordService.UpdateRecord": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
    "RecordService.BatchUpdateRecords": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
    "RecordService.DeleteRecord": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
    "RecordService.EraseRecord": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
    "RecordService.IngestRecords": Access(CallClass.WRITE, WRITERS_OF_SOURCE),
}
_OPERATIONS: Mapping[str, Access] = {
    "google.longrunning.Operations.ListOperations": _READ_ALL,
    "google.longrunning.Operations.GetOperation": _READ_ALL,
    "google.longrunning.Operations.DeleteOperation": Access(CallClass.MANAGE, NOBODY),
    "google.longrunning.Operations.CancelOperation": Access(CallClass.MANAGE, JOB_BRAKES),
    "google.longrunning.Operations.WaitOperation": _WATCH_ALL,
}
# By the full name of the method, such as `dedup_service.v1.MatchService.Match`.
TABLE: Mapping[str, Access] = {
    **{f"{_PACKAGE}{name}": access for name, access in _LINES.items()},
    **_OPERATIONS,
}


class MissingAccessError(Exception):
    """The table has no line for a method of the API: the service does not start."""


def access_of(method: MethodDescriptor) -> Access:
    """The line of a method.

    Raises:
        MissingAccessError: there is none.
    """
    found = TABLE.get(method.full_name)
    if found is None:
        raise MissingAccessError(f"dedup_service/rpc/access.py has no line for {method.full_name}")
    return found


def markdown_table() -> str:
    """The table of docs/access.md."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield "| method | class | who | let through before the work |"
    yield "|---|---|---|---|"
    for name, access in TABLE.items():
        short = name.removeprefix(_PACKAGE)
        yield f"| `{short}` | {access.call_class} | {access.who.rule} | {access.who.at_the_gate} |"


if __name__ == "__main__":
    sys.stdout.write(f"{markdown_table()}\n")
