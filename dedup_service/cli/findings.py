"""What `doctor` finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How much a finding matters: nothing to do, good to know, or in the way of the service."""

    OK = "OK"
    NOTE = "NOTE"
    WRONG = "WRONG"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do, and is empty when there is nothing."""

    subject: str
    state: State
    text: str
    advice: str = ""
