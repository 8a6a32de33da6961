"""The sentences of the service in another language: recognised, and put together again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from gettext import NullTranslations
from typing import Any

import pytest
from babel import Locale
from google.protobuf.message import Message

import scoring
from dedup_service.console.texts.languages import Language, load_languages
from dedup_service.console.texts.names import Names
from dedup_service.console.texts.sentences import is_recognised, recognise, say, say_plainly
from dedup_service.console.texts.service_sentences import SENTENCES
from dedup_service.v1.intake_service_pb2 import RouteRequest
from dedup_service.v1.match_service_pb2 import ExplainMatchRequest, MatchRequest, Pair, PairSide
from dedup_service.v1.merge_proposal_service_pb2 import ListMergeProposalsRequest
from dedup_service.v1.record_service_pb2 import ListRecordsRequest, Record
from tests.console.scenes import Scene, account_record
from tests.console.served_console import Console

# Where the messages of the API carry sentences that the service has put together.
SENTENCE_FIELDS = {
    "reason",
    "reasons",
    "sentences",
    "missing",
    "evidence",
    "not_moving",
    "differences",
    "detail",
    "message",
    "void_reason",
    "lead_class_reason",
    "current_reason",
    "dead_reason",
    "rule",
}
FINNISH = {
    "{function} has not voted ({sentence})": "{function} ei ole \u00e4\u00e4nest\u00e4nyt: {sentence}",
    "held by source {source}": "l\u00e4hteess\u00e4 {source}",
    "{count} open invoices": "{count} laskua",
    "{record} was written": "kirjoitettu {record}",
    "Finance": "Talous",
    "ERP": "Kirjanpito",
}


class Finnish(NullTranslations):
    """A catalogue of a few messages."""

    def gettext(self, message: str) -> str:
        return FINNISH.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return FINNISH.get(msgid2, msgid1 if n == 1 else msgid2)


NAMES = Names(Language("fi", "Suomi", Locale("fi"), Finnish()), {"users/ann": "Ann Abel"})


def plain(text: str, names: Names = NAMES) -> str:
    """What is read of a sentence, without markup."""
    return re.sub("<[^>]+>", "", str(say(text, names)))


def test_a_sentence_is_said_again_with_what_stood_in_it() -> None:
    """Functions and sources by their names, and sentences within it too."""
    assert plain("finance has not voted (held by source erp)") == (
        "Talous ei ole \u00e4\u00e4nest\u00e4nyt: l\u00e4hteess\u00e4 Kirjanpito"
    )


def test_what_no_pattern_fits_stays_english_and_says_so() -> None:
    """So that it is read out in English too."""
    assert str(say("the moon is made of cheese", NAMES)) == (
        '<span lang="en"><bdi class="value">the moon is made of cheese</bdi></span>'
    )


def test_in_english_a_sentence_is_what_the_service_said() -> None:
    """Nothing is taken apart."""
    english = replace(NAMES, language=load_languages()["en"])
    assert plain("finance has not voted (held by source erp)", english) == (
        "finance has not voted (held by source erp)"
    )


def test_what_a_sentence_quotes_is_inert() -> None:
    """A name may hold markup and braces."""
    said = str(say("sources/crm/records/<b>{0}</b> was written", NAMES))
    assert "<b>" not in said
    assert "&lt;b&gt;{0}&lt;/b&gt;" in said


def test_where_no_markup_can_stand_none_is_said() -> None:
    """What was quoted is there letter by letter."""
    assert say_plainly("sources/crm/records/<b>{0}</b> was written", NAMES) == (
        "kirjoitettu sources/crm/records/<b>{0}</b>"
    )


def test_several_sentences_in_one_line_are_each_said() -> None:
    """The service joins them by semicolons."""
    assert is_recognised("held by source erp; held by source crm")
    assert plain("held by source erp; held by source crm") == (
        "l\u00e4hteess\u00e4 Kirjanpito; l\u00e4hteess\u00e4 CRM"
    )
    assert not is_recognised("held by source erp; the moon is made of cheese")


def test_numbers_and_days_are_written_as_the_language_writes_them() -> None:
    """With as many decimal places as the service gave; what is no day stays as it is."""
    assert plain("yearly revenue of 2,278,237 EUR") == "yearly revenue of 2\xa0278\xa0237 EUR"
    assert plain("is not certainly the same: probability 0.8100").endswith("0,8100")
    assert plain("asked on 2026-08-05") == "asked on 5.8.2026"
    assert plain("asked on 2026-99-05") == "asked on 2026-99-05"


def test_a_number_takes_the_form_that_goes_with_it() -> None:
    """Russian has three."""
    russian = Names(load_languages()["ru"], {})
    said = [plain(f"{count} open cases", russian) for count in (2, 5, 21)]
    assert len({text.partition(" ")[2] for text in said}) == len(said)


def test_the_pattern_that_says_most_is_the_one_that_counts() -> None:
    """A principal is told from any other owner."""
    found = recognise("owned by users/ann")
    assert found is not None
    assert found[0].singular == "owned by {principal}"
    found = recognise("goldenRecords/7f is MASTERED already")
    assert found is not None
    assert found[0].singular == "{record} is {word} already"


def test_no_two_patterns_are_the_same() -> None:
    """Each kind of sentence stands once."""
    texts = [text for pair in SENTENCES for text in pair if text]
    assert sorted(texts) == sorted(set(texts))


@pytest.mark.parametrize("rule", scoring.blocking_rules(), ids=lambda rule: rule.prefix)
def test_every_rule_of_blocking_is_recognised(rule: scoring.BlockingRule) -> None:
    """As `ExplainMatch` tells it."""
    assert is_recognised(rule.description)


def test_every_level_of_evidence_is_recognised() -> None:
    """What the shipped model says of households, namesakes and groups."""
    model = scoring.shipped_model()
    said = [each.evidence for entity in (model.people, model.companies) for each in entity.alternatives]
    assert said
    assert [text for text in said if not is_recognised(text)] == []


def sentences_in(message: Message) -> Iterator[str]:
    """Every sentence of the service in a message, however deep."""
    for field, value in message.ListFields():
        several: list[Any] = list(value.values()) if hasattr(value, "items") else []
        if not hasattr(value, "items"):
            several = list(value) if hasattr(value, "append") or hasattr(value, "add") else [value]
        for each in several:
            if isinstance(each, Message):
                yield from sentences_in(each)
            elif isinstance(each, str) and field.name in SENTENCE_FIELDS and " " in each:
                yield each


@dataclass(frozen=True, slots=True)
class Said:
    """What the service has said of a scene, by what was asked."""

    of: dict[str, list[str]]


@pytest.fixture
def said(console: Console, scene: Scene) -> Said:  # noqa: ARG001  the scene is what there is to be said of
    """Proposals, matches, explanations and intakes of a scene."""
    desk = console.acting_as("users/frida")
    proposals = desk.merge_proposals.ListMergeProposals(ListMergeProposalsRequest(page_size=100))
    records = list(desk.records.ListRecords(ListRecordsRequest(parent="sources/-", page_size=100)).records)
    matches = [
        desk.matches.Match(MatchRequest(record=each.name, explain=True, min_probability=0.0))
        for each in records
    ]
    pairs = [Pair(left=PairSide(record=records[0].name), right=PairSide(record=r.name)) for r in records[1:]]
    explained = [desk.matches.ExplainMatch(ExplainMatchRequest(pair=pair)) for pair in pairs]
    asked = [Record(name="sources/erp/records/-", values=each.values) for each in records]
    asked.append(Record(name="sources/shop/records/-", values={"given_name": "asdf", "email": "x@gmial.com"}))
    asked.append(Record(name="sources/shop/records/-", values=account_record("A").values))
    routed = [desk.intake.Route(RouteRequest(record=each, validate_only=True)) for each in asked]
    answers: dict[str, list[Message]] = {
        "proposals": [proposals],
        "matches": list(matches),
        "explanations": list(explained),
        "intakes": list(routed),
    }
    return Said(
        {what: [s for each in several for s in sentences_in(each)] for what, several in answers.items()}
    )


def test_every_sentence_about_a_scene_is_recognised(said: Said) -> None:
    """Proposals of each impact, vetoes, votes, evidence, reasons of intake and findings."""
    unknown = {
        what: sorted({s for s in several if not is_recognised(s)}) for what, several in said.of.items()
    }
    assert all(said.of.values()), {what: len(several) for what, several in said.of.items()}
    assert not any(unknown.values()), unknown


def test_russian_says_every_sentence_about_a_scene(said: Said) -> None:
    """None of them is left in English."""
    names = Names(load_languages()["ru"], {})
    left = sorted({s for several in said.of.values() for s in several if 'lang="en"' in say(s, names)})
    assert left == []
