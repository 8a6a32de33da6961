"""`match`, `score` and `explain`: what is the same, how sure that is, and why."""

from collections.abc import Iterable
from pathlib import Path

import typer

from dedup_service.cli.assignments import values_of
from dedup_service.cli.session import Session
from dedup_service.cli.words import bits, record_words, shown, who, word
from dedup_service.client import ServiceError
from dedup_service.v1.core_pb2 import Candidate, PairScore, RecordKind
from dedup_service.v1.golden_record_service_pb2 import BatchGetGoldenRecordsRequest
from dedup_service.v1.match_service_pb2 import (
    ExplainMatchRequest,
    ExplainMatchResponse,
    Match,
    MatchRequest,
    MatchResponse,
    Pair,
    PairSide,
    ScoreRequest,
)


def kind_of(name: str) -> RecordKind.ValueType:
    """The record kind of a word on the command line."""
    full = f"RECORD_KIND_{name.upper()}"
    if name.upper() == "UNSPECIFIED" or full not in RecordKind.keys():  # noqa: SIM118  not a dict
        raise typer.BadParameter(f"{name} is none of LEAD, CONTACT, ACCOUNT", param_hint="--kind")
    return RecordKind.Value(full)


def candidate_of(assignments: Iterable[str], kind: str, person_account: bool) -> Candidate:
    """A record that is not stored, from `field=value` words."""
    values = values_of(assignments, "--set")
    return Candidate(kind=kind_of(kind), values=values, person_account=person_account)


def match(session: Session, request: MatchRequest) -> None:
    """Show the stored records that match."""
    answer = session.client.matches.Match(request)
    out = session.output
    if out.as_json:
        out.json(answer)
        return
    known = _golden_values(session, answer.matches)
    out.table(
        ("verdict", "probability", "bits", "record", "kind", "who", "golden record", "shared keys"),
        [
            (
                word(found.score, "verdict"),
                f"{found.score.match_probability:.4f}",
                bits(found.score.match_weight_bits),
                found.record,
                word(found, "kind"),
                known.get(found.golden_record, ""),
                found.golden_record,
                str(len(found.shared_keys)),
            )
            for found in answer.matches
        ],
        right=("probability", "bits", "shared keys"),
    )
    if request.explain:
        from dedup_service.cli.waterfall_view import say_contributions

        for found in answer.matches:
            say_contributions(out, found.score, f"why {found.record}")
    _closing_words(session, answer)


def _closing_words(session: Session, answer: MatchResponse) -> None:
    out = session.output
    if not answer.matches:
        out.line("nothing matches")
    out.bullets("warnings", (f"{w.record}: {w.detail}" for w in answer.warnings))
    out.line()
    compared = f"{answer.candidate_count:,} stored records were compared, which share a blocking key"
    if answer.complete:
        out.line(f"complete: {compared}", "dim")
    else:
        out.line(f"INCOMPLETE: {compared}, but", "bold red")
        for reason in answer.incomplete_reasons:
            out.line(f"  - {reason.detail}{f' ({shown(reason.key)})' if reason.key else ''}")
    if answer.next_page_token:
        out.line("there are more: raise --limit", "dim")


def _golden_values(session: Session, matches: Iterable[Match]) -> dict[str, str]:
    """Who each golden record is, so that a person recognises it."""
    names = sorted({found.golden_record for found in matches if found.golden_record})
    if not names:
        return {}
    try:
        answer = session.client.golden_records.BatchGetGoldenRecords(
            BatchGetGoldenRecordsRequest(names=names)
        )
    except ServiceError:
        return {}  # the matches are the answer; this only helps to read them
    return {
        name: who({field: value.value for field, value in golden.values.items()})
        for name, golden in zip(names, answer.golden_records, strict=True)
    }


def score(session: Session, left: str, right: str) -> None:
    """Show the score of two stored records."""
    from dedup_service.cli.waterfall_view import say_contributions

    answer = session.client.matches.Score(ScoreRequest(pair=_pair(left, right)))
    out = session.output
    if out.as_json:
        out.json(answer)
        return
    _verdict(session, answer.score)
    say_contributions(out, answer.score, "contributions")


def explain(session: Session, left: str, right: str, picture: Path | None = None) -> None:
    """Show the waterfall from prior to match weight, and whether the two are ever compared."""
    from dedup_service.cli.waterfall_view import require_svg, say_waterfall, write_picture

    if picture is not None:
        require_svg(picture)
    answer = session.client.matches.ExplainMatch(ExplainMatchRequest(pair=_pair(left, right)))
    out = session.output
    if picture is not None:
        write_picture(
            session, answer, f"{shown(record_words(left))} and {shown(record_words(right))}", picture
        )
    if out.as_json:
        out.json(answer)
        return
    _verdict(session, answer.score)
    say_waterfall(out, answer.score)
    _keys(session, answer)
    out.bullets("in words", answer.sentences)
    if picture is not None:
        out.line()
        out.line(f"wrote {picture}")


def _keys(session: Session, answer: ExplainMatchResponse) -> None:
    out = session.output
    rules = {each.key: each.rule for each in (*answer.left_keys, *answer.right_keys)}
    if answer.shared_keys:
        rows = [(key, rules.get(key, "")) for key in answer.shared_keys]
        out.table(("key", "rule"), rows, "blocking keys that both have")
        return
    out.heading("no blocking key in common: match never compares these two")
    for side, keys in (("left", answer.left_keys), ("right", answer.right_keys)):
        out.table((f"{side} key", "rule"), [(each.key, each.rule) for each in keys])


def _verdict(session: Session, found: PairScore) -> None:
    verdict = word(found, "verdict")
    session.output.line(
        f"{verdict}: probability {found.match_probability:.4f}, match weight "
        f"{bits(found.match_weight_bits)} bits (prior {bits(found.prior_bits)})",
        "bold",
    )


def _pair(left: str, right: str) -> Pair:
    return Pair(left=PairSide(record=left), right=PairSide(record=right))
