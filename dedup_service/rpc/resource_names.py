"""Resource names in, ids out; a name that is not well formed is refused with the path of its field."""

import re

from dedup_service.domain.errors import InvalidInput
from dedup_service.domain.records import SOURCE_PATTERN, RecordKey

_ID = re.compile(r"[A-Za-z0-9._+-]{1,128}")
_CHANGE = re.compile(r"changes/([0-9]{1,18})-([0-9]{1,9})", re.ASCII)
_RUN = re.compile(r"cleanupJobs/([A-Za-z0-9._+-]{1,128})/runs/([A-Za-z0-9._+-]{1,128})")
_ANY_SOURCE = "sources/-"
_ANY_JOB = "cleanupJobs/-"


def record_key(name: str, at: str) -> RecordKey:
    """The key of ``sources/{source}/records/{source_record_id}``."""
    key = RecordKey.parse(name)
    if key is None:
        raise InvalidInput.at(at, "must be a name such as sources/erp/records/17")
    return key


def golden_id(name: str, at: str) -> str:
    return _id_in("goldenRecords", name, at)


def proposal_id(name: str, at: str) -> str:
    return _id_in("mergeProposals", name, at)


def merge_id(name: str, at: str) -> str:
    return _id_in("merges", name, at)


def distinction_id(name: str, at: str) -> str:
    return _id_in("distinctions", name, at)


def delegation_id(name: str, at: str) -> str:
    return _id_in("delegations", name, at)


def policy_version(name: str, at: str) -> str:
    return _id_in("policyVersions", name, at)


def scoring_model_version(name: str, at: str) -> str:
    return _id_in("scoringModels", name, at)


def cleanup_job_id(name: str, at: str) -> str:
    return _id_in("cleanupJobs", name, at)


def cleanup_job_or_any(name: str, at: str) -> str:
    """The id of ``cleanupJobs/{job}``, or an empty string for ``cleanupJobs/-``."""
    return "" if name == _ANY_JOB else cleanup_job_id(name, at)


def cleanup_run_ids(name: str, at: str) -> tuple[str, str]:
    """The ids of job and run of ``cleanupJobs/{job}/runs/{run}``."""
    found = _RUN.fullmatch(name)
    if found is None:
        raise InvalidInput.at(at, "must be a name such as cleanupJobs/ID/runs/ID")
    return found[1], found[2]


def operation_id(name: str, at: str) -> str:
    return _id_in("operations", name, at)


def _id_in(collection: str, name: str, at: str) -> str:
    head, _, tail = name.partition("/")
    if head != collection or not _ID.fullmatch(tail):
        raise InvalidInput.at(at, f"must be a name such as {collection}/ID")
    return tail


def golden_or_record(name: str, at: str) -> str | RecordKey:
    """The id of a golden record, or the key of a record, for fields that take either."""
    if name.startswith("sources/"):
        return record_key(name, at)
    try:
        return golden_id(name, at)
    except InvalidInput:
        raise InvalidInput.at(
            at, "must be a name such as goldenRecords/ID or sources/erp/records/17"
        ) from None


def source(name: str, at: str) -> str:
    """The source of ``sources/{source}``."""
    head, _, tail = name.partition("/")
    if head != "sources" or not SOURCE_PATTERN.fullmatch(tail):
        raise InvalidInput.at(at, "must be a name such as sources/erp")
    return tail


def source_or_any(name: str, at: str) -> str:
    """The source of ``sources/{source}``, or an empty string for ``sources/-``."""
    return "" if name == _ANY_SOURCE else source(name, at)


def change_place(name: str, at: str) -> tuple[int, int]:
    """Revision and ordinal of ``changes/{revision}-{ordinal}``."""
    found = _CHANGE.fullmatch(name)
    if found is None:
        raise InvalidInput.at(at, "must be a name such as changes/17-0")
    return int(found[1]), int(found[2])
