"""Match, score and explain: which records are the same person or company, and why or why not."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import scoring
from dedup_service.domain.errors import IndexUnavailable, InvalidInput, NotFound
from dedup_service.domain.leads import lead_class
from dedup_service.domain.matching import comparable_of
from dedup_service.domain.records import LeadClass, LiveRecord, Record, RecordDraft, RecordKey, RecordKind
from dedup_service.domain.validation import draft_violations
from dedup_service.telemetry.recording import MatchMeter, Phase
from dedup_service.workflows.index_port import BlockingIndex, Candidate, Incompleteness, IndexProgress
from dedup_service.workflows.ports import ClockNow, Store
from dedup_service.workflows.rules import Rules
from dedup_service.workflows.scoring_models import ScoringModels

MAX_PAGE = 1000
MAX_PAIRS = 1000
# How long a read waits for the index to reach the revision that the caller has written.
FRESHNESS_SECONDS = 2.0
# Some half a millisecond, after which others are let in.
_SCORES_AT_ONCE = 25
_UNMEASURED = MatchMeter()


@dataclass(frozen=True, slots=True)
class MatchQuery:
    """What to match: a stored record, or an unsaved draft, against records of these kinds.

    `after` is (match weight in bits, record_no) of the last match seen, as the page before returned it.
    Without a least probability it is the review threshold of the model.
    """

    side: RecordKey | RecordDraft
    kinds: tuple[RecordKind, ...] = tuple(RecordKind)
    min_probability: float | None = 0.0
    page_size: int = 10
    after: tuple[float, int] | None = None
    min_revision: int = 0


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """One match: the record as it is now, how well it scores and which blocking keys led to it."""

    record: LiveRecord
    score: scoring.PairScore
    shared_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeadLead:
    """A warning: a match is a DEAD lead, and this is why it died (domain 2.4)."""

    record: RecordKey
    reason: str


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """Matches, best first, and whether any may be missing."""

    matches: tuple[FoundMatch, ...]
    incomplete: tuple[Incompleteness, ...]
    applied_revision: int
    candidate_count: int
    next: tuple[float, int] | None
    warnings: tuple[DeadLead, ...]

    @property
    def complete(self) -> bool:
        return not self.incomplete


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why two records match or do not, and whether one would have been a candidate of the other."""

    score: scoring.PairScore
    left_keys: tuple[str, ...]
    right_keys: tuple[str, ...]
    shared_keys: tuple[str, ...]
    are_candidates: bool
    sentences: tuple[str, ...]


class Matching:
    """The use cases that compare records.

    Each answer is of one model: the one given, so that the caller can name it, or the one in use then.
    """

    def __init__(
        self,
        store: Store,
        index: BlockingIndex,
        progress: IndexProgress,
        rules: Rules,
        models: ScoringModels,
        now: ClockNow,
    ) -> None:
        self._store = store
        self._index = index
        self._progress = progress
        self._rules = rules
        self._now = now
        self.models = models

    async def match(
        self,
        query: MatchQuery,
        model: scoring.ScoringModel | None = None,
        meter: MatchMeter = _UNMEASURED,
    ) -> MatchAnswer:
        """The matches of a record or draft, best first; records of its own golden record are left out.

        `meter` is told of each phase but the last, which is its caller's.

        Raises:
            NotFound: the stored record does not exist or is no longer active.
            InvalidInput: the draft, with every violation.
            IndexUnavailable: Redis does not answer.
        """
        model = model or self.models.in_use.current
        stored, comparable = await self._side(query.side)
        if query.min_revision:
            await self._progress.wait_applied(query.min_revision, FRESHNESS_SECONDS)
        meter.done(Phase.PREPARE)
        found = await self._index.candidates(comparable, query.kinds, query.min_revision)
        own = stored.record_no if stored else 0
        candidates = [c for c in found.candidates if c.record_no != own]
        meter.indexed(len(candidates), [each.reason for each in found.incomplete])
        scored = await self._scored(comparable, candidates, query, model)
        meter.done(Phase.SCORE)
        matches = await self._live(scored, stored, query.page_size + 1)
        meter.done(Phase.READ)
        page = tuple(matches[: query.page_size])
        last = page[-1] if len(matches) > query.page_size else None
        return MatchAnswer(
            matches=page,
            incomplete=found.incomplete,
            applied_revision=found.applied_revision,
            candidate_count=len(candidates),
            next=(last.score.match_weight_bits, last.record.record_no) if last else None,
            warnings=self._dead_leads(page),
        )

    async def _side(self, side: RecordKey | RecordDraft) -> tuple[Record | None, scoring.Comparable]:
        if isinstance(side, RecordDraft):
            violations = draft_violations(side, self._rules.policy.functions, "candidate")
            if violations:
                raise InvalidInput(violations)
            return None, comparable_of(side)
        record = (await self._store.read(lambda tx: tx.records([side]))).get(side)
        if record is None or not record.active:
            raise NotFound("Record", side.name)
        return record, comparable_of(record.draft)

    async def _scored(
        self,
        comparable: scoring.Comparable,
        candidates: Sequence[Candidate],
        query: MatchQuery,
        model: scoring.ScoringModel,
    ) -> list[tuple[Candidate, scoring.PairScore]]:
        """Candidates from the cursor on, best first, then by record_no."""
        least = model.review_threshold if query.min_probability is None else query.min_probability
        scored: list[tuple[Candidate, scoring.PairScore]] = []
        for start in range(0, len(candidates), _SCORES_AT_ONCE):
            if start:
                # A large block takes milliseconds.
                await asyncio.sleep(0)
            chunk = candidates[start : start + _SCORES_AT_ONCE]
            found = scoring.score_likely(comparable, [c.comparable for c in chunk], model, least)
            scored += [(chunk[at], score) for at, score in found]
        scored.sort(key=lambda pair: (-pair[1].match_weight_bits, pair[0].record_no))
        if query.after is None:
            return scored
        bits, number = query.after
        return [pair for pair in scored if (-pair[1].match_weight_bits, pair[0].record_no) > (-bits, number)]

    async def _live(
        self, scored: Sequence[tuple[Candidate, scoring.PairScore]], stored: Record | None, wanted: int
    ) -> list[FoundMatch]:
        """The first so many with their records as they are now, read in pieces of about that size.

        The deleted, the erased and the members of the query's own golden record are left out.
        """
        own = stored.golden_id if stored else ""
        live: list[FoundMatch] = []
        for start in range(0, len(scored), wanted):
            piece = scored[start : start + wanted]
            numbers = [candidate.record_no for candidate, _ in piece]
            records = await self._store.live_records(numbers)
            live += [
                FoundMatch(record, score, candidate.shared_keys)
                for candidate, score in piece
                if (record := records.get(candidate.record_no)) and record.golden_id != own
            ]
            if len(live) >= wanted:
                break
        return live

    def _dead_leads(self, matches: Sequence[FoundMatch]) -> tuple[DeadLead, ...]:
        warnings = []
        for match in matches:
            if match.record.lead is not None:
                found, why = lead_class(match.record.lead, self._rules.policy, self._now())
                if found is LeadClass.DEAD:
                    warnings.append(DeadLead(match.record.key, why))
        return tuple(warnings)

    async def score(
        self,
        pairs: Sequence[tuple[RecordKey | RecordDraft, RecordKey | RecordDraft]],
        model: scoring.ScoringModel | None = None,
    ) -> list[scoring.PairScore]:
        """The scores of 1 to 1,000 pairs, in order."""
        model = model or self.models.in_use.current
        if not 1 <= len(pairs) <= MAX_PAIRS:
            raise InvalidInput.at("pairs", f"takes 1 to {MAX_PAIRS} pairs, not {len(pairs)}")
        comparables = await self._comparables(
            {side for pair in pairs for side in pair if isinstance(side, RecordKey)}
        )
        scores = []
        for number, (left, right) in enumerate(pairs):
            if number % 100 == 99:
                # Let other calls in: a thousand pairs take tens of milliseconds.
                await asyncio.sleep(0)
            scores.append(
                scoring.score_pair(self._pick(left, comparables), self._pick(right, comparables), model)
            )
        return scores

    def _pick(
        self, side: RecordKey | RecordDraft, stored: dict[RecordKey, scoring.Comparable]
    ) -> scoring.Comparable:
        if isinstance(side, RecordKey):
            return stored[side]
        violations = draft_violations(side, self._rules.policy.functions, "candidate")
        if violations:
            raise InvalidInput(violations)
        return comparable_of(side)

    async def _comparables(self, keys: Collection[RecordKey]) -> dict[RecordKey, scoring.Comparable]:
        records = await self._store.read(lambda tx: tx.records(keys)) if keys else {}
        for key in keys:
            if key not in records or not records[key].active:
                raise NotFound("Record", key.name)
        return {key: comparable_of(record.draft) for key, record in records.items()}

    async def explain(
        self,
        left: RecordKey | RecordDraft,
        right: RecordKey | RecordDraft,
        model: scoring.ScoringModel | None = None,
    ) -> Explanation:
        """Why two records match, why they do not, or why one was never a candidate of the other."""
        model = model or self.models.in_use.current
        comparables = await self._comparables({side for side in (left, right) if isinstance(side, RecordKey)})
        one, other = self._pick(left, comparables), self._pick(right, comparables)
        score = scoring.score_pair(one, other, model)
        left_keys, right_keys = scoring.blocking_keys(one), scoring.blocking_keys(other)
        shared = tuple(sorted(set(left_keys) & set(right_keys)))
        are_candidates, sentence = await self._of_keys(shared)
        sentences = (*_of_score(score), sentence)
        return Explanation(score, left_keys, right_keys, shared, are_candidates, sentences)

    async def _of_keys(self, shared: Sequence[str]) -> tuple[bool, str]:
        """Whether these shared keys make each of two records a candidate of the other, and that in words."""
        if not shared:
            return False, "They share no blocking key, so neither is ever a candidate of the other."
        keys = "1 blocking key" if len(shared) == 1 else f"{len(shared)} blocking keys"
        limits = [scoring.most_members(key) for key in shared]
        if all(limits):
            makes = "makes" if len(shared) == 1 else "make"
            few = f"that {makes} candidates only where at most {max(filter(None, limits))} records have it"
            try:
                counts = await self._index.member_counts(shared)
            except IndexUnavailable:
                return True, f"They share {keys}, {few}; how many have, the index does not answer."
            if all(limit and count > limit for limit, count in zip(limits, counts, strict=True)):
                said = (
                    f"They share {keys}, {few}; {min(counts):,} have, so neither is a candidate of the other."
                )
                return False, said
        return True, f"They share {keys}, so each is a candidate of the other."


def _of_score(score: scoring.PairScore) -> list[str]:
    """The verdict and what led to it, the strongest reason first."""
    weight, probability = score.match_weight_bits, score.match_probability
    said = [f"{score.verdict}: match weight {weight:+.1f} bits, match probability {probability:.4f}."]
    for contribution in sorted(score.contributions, key=lambda c: -abs(c.weight_bits)):
        # What would be written as 0.0 bits is no reason.
        if abs(contribution.weight_bits) >= 0.05:
            direction = "for" if contribution.weight_bits > 0 else "against"
            said.append(
                f"{contribution.comparison}: {contribution.evidence} "
                f"({abs(contribution.weight_bits):.1f} bits {direction})."
            )
    return said
