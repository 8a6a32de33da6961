"""What a search has found: one result for each golden record, best first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dedup_service.console.texts.languages import later as _
from dedup_service.console.views import addresses
from dedup_service.console.views.searching import begins_like
from dedup_service.console.views.values import texts_of, title_of
from dedup_service.v1.core_pb2 import AccountState, LeadClass, RecordKind, Verdict
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord
from dedup_service.v1.match_service_pb2 import Match, MatchResponse

MOST_RESULTS = 20
MOST_LOOKED_AT = 60
_MOST_EVIDENCE = 4
# In bits: less than this tells nobody anything.
_LEAST_EVIDENCE = 0.5
_LEAST_PROBABILITY = 0.01
# Blocking keys that are the same only where something telling is: worth showing by themselves, though a
# candidate of so little is seldom likely to be the same. What the other keys say shows in the probability.
_TELLING_KEYS = {
    "e": _("same e-mail address"),
    "p": _("same telephone number"),
    "i": _("same identifier"),
    "a": _("same street and house"),
    "n": _("same name"),
    "t": _("same words in the name"),
    "w": _("same website or e-mail domain"),
}
_DETAILS = ("email", "phone", "mobile_phone", "website", "job_title")
_PLACE = ("street", "postal_code", "city", "country")


@dataclass(frozen=True, slots=True)
class Hit:
    """What speaks for one golden record: the best match among its members, and all warnings about them.

    `evidence` are sentences of the service, `alike` messages of the console.
    """

    golden_record: str
    probability: float = 0.0
    verdict: Verdict.ValueType = Verdict.VERDICT_UNSPECIFIED
    evidence: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    is_looked_up: bool = False

    @property
    def is_telling(self) -> bool:
        """Whether it is worth showing whatever its name is."""
        return self.is_looked_up or bool(self.alike) or self.probability >= _LEAST_PROBABILITY


@dataclass(frozen=True, slots=True)
class Result:
    """A hit with what the golden record says now."""

    hit: Hit
    name: str
    kind: RecordKind.ValueType
    company: str = ""
    place: str = ""
    details: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    lead_class: LeadClass.ValueType = LeadClass.LEAD_CLASS_UNSPECIFIED
    account_state: AccountState.ValueType = AccountState.ACCOUNT_STATE_UNSPECIFIED
    record_count: int = 0

    @property
    def url(self) -> str:
        return addresses.of(self.hit.golden_record)


@dataclass(frozen=True, slots=True)
class Found:
    """`incomplete` says why somebody may have been missed; `more` are results beyond the first 20."""

    results: tuple[Result, ...] = ()
    incomplete: tuple[str, ...] = ()
    more: int = 0
    opens: tuple[str, ...] = field(default=())


def hits_of(answers: Iterable[MatchResponse], looked_up: Iterable[str]) -> list[Hit]:
    """One hit for each golden record, best first, at most 60."""
    hits: dict[str, Hit] = {}
    for answer in answers:
        warnings: dict[str, list[str]] = {}
        for warning in answer.warnings:
            warnings.setdefault(warning.record, []).append(warning.detail)
        for match in answer.matches:
            hit = _hit(match, warnings.get(match.record, []))
            known = hits.get(match.golden_record)
            hits[match.golden_record] = _better(known, hit) if known else hit
    for name in looked_up:
        known = hits.get(name, Hit(name))
        hits[name] = Hit(
            name,
            max(known.probability, 0.0),
            known.verdict,
            known.evidence,
            known.alike,
            known.warnings,
            True,
        )
    ranked = sorted(hits.values(), key=lambda hit: (not hit.is_looked_up, -hit.probability, not hit.alike))
    return ranked[:MOST_LOOKED_AT]


def _hit(match: Match, warnings: Sequence[str]) -> Hit:
    score = match.score
    speaking = sorted(
        (each for each in score.contributions if each.weight_bits >= _LEAST_EVIDENCE),
        key=lambda each: -each.weight_bits,
    )
    evidence = tuple(each.evidence for each in speaking[:_MOST_EVIDENCE] if each.evidence)
    prefixes = [key.partition(":")[0] for key in match.shared_keys]
    # Companies' keys begin with a c of their own; of one letter, c is a rule of people.
    letters = [prefix[1:] if len(prefix) == 2 else prefix for prefix in prefixes]
    alike = tuple(dict.fromkeys(_TELLING_KEYS[letter] for letter in letters if letter in _TELLING_KEYS))
    return Hit(match.golden_record, score.match_probability, score.verdict, evidence, alike, tuple(warnings))


def _better(one: Hit, other: Hit) -> Hit:
    best, rest = (one, other) if one.probability >= other.probability else (other, one)
    return Hit(
        best.golden_record,
        best.probability,
        best.verdict,
        best.evidence or rest.evidence,
        tuple(dict.fromkeys((*best.alike, *rest.alike))),
        tuple(dict.fromkeys((*best.warnings, *rest.warnings))),
    )


def results_of(typed: str, hits: Sequence[Hit], golden_records: Iterable[GoldenRecord]) -> list[Result]:
    """The hits that are worth showing: those that say something, or whose name begins like what was typed.

    `golden_records` are those of the hits, in their order. Two that lead to one golden record are one result.
    """
    results: dict[str, Result] = {}
    for hit, golden in zip(hits, golden_records, strict=True):
        result = _result(hit, golden)
        if golden.name in results or not (
            hit.is_telling or begins_like(typed, (result.name, result.company))
        ):
            continue
        results[golden.name] = result
    return list(results.values())


def _result(hit: Hit, golden: GoldenRecord) -> Result:
    values = {field: text for field, text in texts_of(golden).items() if text.strip()}
    company = values.get("company_name", "")
    name = title_of_golden(golden)
    return Result(
        hit,
        name,
        golden.kind,
        company="" if name == company else company,
        place=", ".join(values[field] for field in _PLACE if field in values),
        details=tuple((field, values[field]) for field in _DETAILS if field in values),
        sources=tuple(dict.fromkeys(addresses.source_of(record) for record in golden.members)),
        lead_class=golden.lead_class,
        account_state=golden.account_state,
        record_count=len(golden.members),
    )


def title_of_golden(golden: GoldenRecord) -> str:
    """The name of an account's company, of any other the person's; its id where it has neither."""
    values = texts_of(golden)
    company = values.get("company_name", "") if golden.kind == RecordKind.RECORD_KIND_ACCOUNT else ""
    return company or title_of(values) or addresses.id_of(golden.name)
