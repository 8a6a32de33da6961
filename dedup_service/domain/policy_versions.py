"""The versions of the policy that were ever in force; none is changed or deleted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PolicyOrigin(StrEnum):
    """How a version came into force: with the software, from the operator's file, or by a call."""

    SHIPPED = "SHIPPED"
    FILE = "FILE"
    CALL = "CALL"


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """One version as it was written: `text` is its YAML, `number` its place in the order of all (from 1)."""

    number: int
    version: str
    text: str
    origin: PolicyOrigin
    author: str
    comment: str
    create_time: datetime
    revision: int = 0

    @property
    def name(self) -> str:
        return policy_version_name(self.version)


def policy_version_name(version: str) -> str:
    """The resource name of a version of the policy."""
    return f"policyVersions/{version}"
