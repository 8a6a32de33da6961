"""A waterfall on the terminal, and as a picture: what leads from the prior to the match weight."""

from collections.abc import Sequence
from math import log2
from pathlib import Path

import typer

import scoring
from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError, require_place
from dedup_service.cli.session import Session
from dedup_service.cli.words import bits, word
from dedup_service.reports.pictures import PicturesMissing, require_libraries
from dedup_service.reports.waterfall import (
    LEAST_SHOWN_BITS,
    Step,
    Thresholds,
    waterfall_steps,
    waterfall_svg,
)
from dedup_service.v1.core_pb2 import PairScore
from dedup_service.v1.match_service_pb2 import ExplainMatchResponse, GetScoringModelRequest

WIDEST_BAR = 12  # blocks on each side of the middle, for the largest weight of a table


def say_waterfall(out: Output, found: PairScore) -> None:
    """From the prior to the match weight, in the order in which comparisons are made."""
    _say_steps(out, waterfall_steps(_as_scored(found)), "from prior to match weight, in bits")


def say_contributions(out: Output, found: PairScore, heading: str) -> None:
    """The prior and what each comparison said, the weightiest first: together the match weight."""
    ordered = PairScore()
    ordered.CopyFrom(found)
    ordered.contributions.sort(key=lambda each: -abs(each.weight_bits))
    _say_steps(out, waterfall_steps(_as_scored(ordered)), heading)


def _say_steps(out: Output, steps: Sequence[Step], heading: str) -> None:
    widest = max(abs(step.weight_bits) for step in steps)
    out.table(
        ("comparison", "level", "bits", "total", "", "evidence"),
        [
            (
                step.comparison,
                step.level,
                bits(step.weight_bits),
                bits(step.total_bits),
                _bar(step.weight_bits, widest),
                step.evidence,
            )
            for step in steps
        ],
        heading,
        right=("bits", "total"),
    )


def _bar(weight_bits: float, widest_bits: float) -> str:
    """A bar to the right of the middle for a match and to the left against it: the widest weight, which is
    above 0, fills one side, and what can be told from 0.0 is never without a block.
    """
    blocks = round(abs(weight_bits) / widest_bits * WIDEST_BAR) if widest_bits else 0
    bar = "█" * (max(blocks, 1) if abs(weight_bits) >= LEAST_SHOWN_BITS else 0)
    return f"{'':>{WIDEST_BAR}}|{bar}" if weight_bits >= 0 else f"{bar:>{WIDEST_BAR}}|"


def require_svg(picture: Path) -> None:
    """Refuse a file that no picture could be written to.

    Raises:
        typer.BadParameter: it is not named as an SVG.
        CommandError: there is no such folder.
    """
    if picture.suffix.lower() != ".svg":
        raise typer.BadParameter(
            f"{picture}: pictures are written as SVG; name a file that ends in .svg", param_hint="--picture"
        )
    require_place(picture)


def write_picture(session: Session, answer: ExplainMatchResponse, title: str, picture: Path) -> None:
    """Write the waterfall as an SVG, with the thresholds of the model that gave the score.

    Raises:
        CommandError: the libraries that draw are not installed.
    """
    try:
        require_libraries()
    except PicturesMissing as error:
        raise CommandError(str(error)) from error
    model = session.client.matches.GetScoringModel(GetScoringModelRequest(name=answer.scoring_model))
    review, match = (log2(each / (1 - each)) for each in (model.review_threshold, model.match_threshold))
    picture.write_text(waterfall_svg(_as_scored(answer.score), title, Thresholds(review, match)), "utf-8")


def _as_scored(said: PairScore) -> scoring.PairScore:
    """The score as the library has it."""
    return scoring.PairScore(
        said.match_weight_bits,
        said.match_probability,
        scoring.Verdict(word(said, "verdict")),
        said.prior_bits,
        tuple(
            scoring.Contribution(each.comparison, each.level, each.weight_bits, each.evidence)
            for each in said.contributions
        ),
    )
