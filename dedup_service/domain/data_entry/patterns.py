"""PATTERN: a company's own regular expression.

RE2 runs it in time that grows with the text alone: no expression, whoever wrote it, can hold up a write.
"""

from functools import lru_cache
from typing import Protocol

import re2

from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule

_MAX_PROGRAM_BYTES = 1 << 20


class _Expression(Protocol):
    def fullmatch(self, text: str) -> object | None: ...


def pattern_error(pattern: str) -> str:
    """Why an expression cannot be used; empty where it can."""
    try:
        _compiled(pattern)
    except UnicodeEncodeError:
        return "it holds a lone surrogate, which is not valid Unicode"
    except re2.error as error:
        reason = error.args[0]
        return reason.decode() if isinstance(reason, bytes) else str(reason)
    return ""


def pattern_problem(entry: Entry) -> Problem | None:
    """The problem with a value that does not follow the field's expression; there is nothing to suggest."""
    rules = entry.rules
    if not rules.pattern or _follows(rules.pattern, entry.text):
        return None
    what = rules.pattern_means or f"a text that follows the expression {rules.pattern}"
    return Problem(DataEntryRule.PATTERN, f"is not what this field takes: write {what}")


def _follows(pattern: str, text: str) -> bool:
    try:
        return _compiled(pattern).fullmatch(text) is not None
    except UnicodeEncodeError:
        # A lone surrogate, which no store takes either.
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> _Expression:
    options = re2.Options()
    options.max_mem = _MAX_PROGRAM_BYTES
    options.log_errors = False
    expression: _Expression = re2.compile(pattern, options)
    return expression
