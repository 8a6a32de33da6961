"""What came of all calls, counted."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.descriptor import MethodDescriptor

from tests.trust.fuzz.calling import OK, Outcome

_LONGEST_REQUEST = 600


@dataclass(slots=True)
class Tally:
    """Codes and refusals by method, what was wrong, and the memory of the service, in MiB."""

    codes: dict[str, Counter[str]] = field(default_factory=dict)
    refusals: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    slowest_seconds: float = 0.0
    memory_mib: list[float] = field(default_factory=list)

    def count(self, method: MethodDescriptor, outcome: Outcome, request: bytes, seconds: float) -> None:
        name = f"{method.containing_service.name}.{method.name}"
        self.codes.setdefault(name, Counter())[outcome.code] += 1
        self.refusals.setdefault(name, Counter())[outcome.said[:160]] += 1
        self.slowest_seconds = max(self.slowest_seconds, seconds)
        if outcome.wrong:
            self.wrong.append(f"{name}: {outcome.wrong}; request {request[:_LONGEST_REQUEST].hex()}")

    @property
    def by_code(self) -> Counter[str]:
        return sum(self.codes.values(), Counter())

    @property
    def answered(self) -> list[str]:
        """The methods that answered OK at least once: what lies behind their checks was reached."""
        return sorted(name for name, codes in self.codes.items() if codes[OK])

    @property
    def never_answered(self) -> list[str]:
        return sorted(set(self.codes) - set(self.answered))

    def write(self, path: Path) -> None:
        """For whoever wants to see how deep the calls came: codes by method, and the commonest refusals."""
        table = {
            name: {"codes": codes, "refusals": dict(self.refusals[name].most_common(8))}
            for name, codes in sorted(self.codes.items())
        }
        path.write_text(json.dumps(table, indent=1))
