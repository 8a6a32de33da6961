"""The rules of intake as the keys of the policy's file, each with its value in words."""

from collections.abc import Iterable, Iterator

from dedup_service.domain.intake.rules import IntakePolicy

Keys = Iterator[tuple[str, str]]


def intake_keys(intake: IntakePolicy) -> Keys:
    """The keys of `intake`, defaults written out."""
    yield "intake.update_from", f"{intake.update_from:g}"
    yield "intake.propose_from", f"{intake.propose_from:g}"
    yield "intake.recognise_from", f"{intake.recognise_from:g}"
    yield "intake.domain_confidence", f"{intake.domain_confidence:g}"
    yield "intake.shared_domains", _listed(intake.shared_domains)
    yield "intake.named_by", _listed(intake.named_by)
    yield "intake.current_by", _listed(intake.current_by)
    yield "intake.current_account_kind", intake.current_account_kind
    yield "intake.newest_wins", _listed(intake.newest_wins)
    yield "intake.names_queue", intake.names_queue


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))
