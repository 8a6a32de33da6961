"""What is wrong with a company file: all of it at once, each problem with its line."""

from collections.abc import Iterable
from dataclasses import dataclass

# A text made to be wrong in ten thousand places must not make an answer of ten thousand lines.
MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to correct.

    `line` counts from 1 and is 0 where the whole file is meant; `path` is such as
    ``approval.HIGH.ACCOUNT.majority``, and empty where no value is meant.
    """

    line: int
    path: str
    message: str

    def at(self, where: str) -> str:
        """The problem in one line, beginning with file and line as compilers write them."""
        place = f"{where}:{self.line}" if self.line else where
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class CompanyFileError(ValueError):
    """A policy or principals file cannot be used; `problems` say where and what to write, by line."""

    def __init__(self, where: str, problems: Iterable[Problem]) -> None:
        found = sorted(dict.fromkeys(problems), key=lambda problem: problem.line)
        self.where = where
        self.problems = tuple(found[:MAX_PROBLEMS])
        lines = [problem.at(where) for problem in self.problems]
        if len(found) > MAX_PROBLEMS:
            lines.append(f"{where}: and {len(found) - MAX_PROBLEMS} more problems")
        super().__init__("\n".join(lines))
