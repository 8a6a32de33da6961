"""Findings of data entry by the rules in force and the company's own words (domain 10)."""

from collections.abc import Iterable

from dedup_service.domain.data_entry import Finding, Severity, find_in
from dedup_service.domain.records import RecordDraft, RecordKind, Violation
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.vocabulary import VocabularyInUse


class DataEntry:
    """What is wrong with the values of a draft, and whether that stops its write."""

    def __init__(self, rules: Rules, vocabulary: VocabularyInUse) -> None:
        self._rules = rules
        self._vocabulary = vocabulary

    def findings(self, draft: RecordDraft, kind: RecordKind | None) -> tuple[Finding, ...]:
        """What is wrong with the values of a draft, the weightiest first; `kind` None is not known yet."""
        return find_in(draft.values, kind, self._rules.policy.data_entry, self._vocabulary.current)

    def stops(self, findings: Iterable[Finding], source: str) -> bool:
        """Whether a write of this source is refused: there is an ERROR, and the policy says that it stops."""
        if source not in self._rules.policy.data_entry.errors_stop:
            return False
        return any(finding.severity is Severity.ERROR for finding in findings)

    def violations(self, draft: RecordDraft, at: str = "record") -> list[Violation]:
        """Why a write of this draft is refused, with field paths below `at`; for most sources, nothing.

        Costs one look at the policy for a source whose writes no finding stops.
        """
        if draft.key.source not in self._rules.policy.data_entry.errors_stop:
            return []
        return [
            Violation(f"{at}.{finding.field}", finding.message)
            for finding in self.findings(draft, draft.kind)
            if finding.severity is Severity.ERROR
        ]
