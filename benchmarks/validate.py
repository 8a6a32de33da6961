"""How quickly a form is checked as people type: the findings of data entry, in process, beside 50,000 words.

The words are those of a sample CRM, counted as the store counts them, and made-up ones to fill up; the forms
are records of another sample CRM, as they are and with a slip in every word. Looking a misspelt word up is
measured beside the plain way, which is to compare it with every word.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

import psutil
from rapidfuzz import process
from rapidfuzz.distance import OSA

from benchmarks.report import Figure, report
from dedup_service.company_files import load_policy
from dedup_service.domain.data_entry import Spelling, Vocabulary, find_in
from dedup_service.domain.data_entry.near_words import NearWords, slip_limit
from dedup_service.domain.data_entry.vocabulary import is_looked_up, words_in
from dedup_service.domain.records import RecordDraft
from dedup_service.sample import generate

T = TypeVar("T")
TARGET_MS = 5.0
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
_ONSETS = (
    "b",
    "br",
    "d",
    "f",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "st",
    "t",
    "tr",
    "v",
    "w",
)
_VOWELS = ("a", "e", "i", "o", "u", "ei", "au")
_CODAS = ("", "", "n", "l", "r", "s", "m", "ck", "nd", "rt")
_POLICY = load_policy(None).data_entry


def counted(drafts: Iterable[RecordDraft], word_count: int) -> dict[str, dict[str, int]]:
    """The words of these records by field, filled up with made-up company words to so many in all."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _POLICY.spellings}
    for draft in drafts:
        for name, spelling in _POLICY.spellings.items():
            value = draft.values.get(name, "")
            found = {value} if spelling is Spelling.VALUES else {word for _, word in words_in(value)}
            counts[name].update(word for word in found if is_looked_up(word))
    known = {(name, word.casefold()) for name, words in counts.items() for word in words}
    dice = random.Random(5)
    while len(known) < word_count:
        word = _made_up(dice)
        if ("company_name", word) not in known:
            known.add(("company_name", word))
            # From a few times to thousands, as the words of a language are.
            counts["company_name"][word.capitalize()] = 5 + 20_000 // len(known)
    return {name: dict(words) for name, words in counts.items()}


def _made_up(dice: random.Random) -> str:
    """A word of two to four syllables."""
    syllables = range(dice.randint(2, 4))
    return "".join(part for _ in syllables for part in map(dice.choice, (_ONSETS, _VOWELS, _CODAS)))


def misspelt(draft: RecordDraft, dice: random.Random) -> RecordDraft:
    """The same form with a slip in every word that is looked up."""
    values = {
        name: " ".join(_slip(word, dice) for word in value.split(" ")) if name in _POLICY.spellings else value
        for name, value in draft.values.items()
    }
    return replace(draft, values=values)


def _slip(word: str, dice: random.Random) -> str:
    if not is_looked_up(word):
        return word
    at = dice.randrange(len(word))
    return word[:at] + dice.choice(LETTERS) + word[at + dice.randrange(2) :]


def taken_ms(
    work: Callable[[T], object], subjects: Iterable[T], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """How long each took by a clock, the shortest first."""
    taken = []
    for subject in subjects:
        started = clock()
        work(subject)
        taken.append((clock() - started) * 1000)
    return sorted(taken)


def at_percentile(taken: Sequence[float], percent: float) -> float:
    return taken[min(int(len(taken) * percent / 100), len(taken) - 1)]


def main() -> int:
    """Run the benchmark; the exit status is 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--words", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=12_000)
    options = parser.parse_args()
    residents = generate(7, options.people, options.people // 4, now=_NOW).records
    forms = generate(8, options.people, options.people // 4, now=_NOW).records
    counts = counted(residents, options.words)
    before = psutil.Process().memory_info().rss
    started = time.perf_counter()
    vocabulary = Vocabulary.of(counts)
    built_seconds = time.perf_counter() - started
    memory = psutil.Process().memory_info().rss - before
    figures = [
        Figure("words of the vocabulary", len(vocabulary), "words"),
        Figure("built in", built_seconds, "s"),
        Figure("memory of the vocabulary", memory / 2**20, "MiB"),
        Figure("forms", len(forms), "forms"),
    ]
    figures += _form_figures("a form", vocabulary, forms)
    dice = random.Random(9)
    figures += _form_figures(
        "a form with a slip in its words", vocabulary, [misspelt(each, dice) for each in forms]
    )
    return report("validate", figures + _lookup_figures(counts["company_name"], dice))


def _form_figures(name: str, vocabulary: Vocabulary, forms: Sequence[RecordDraft]) -> list[Figure]:
    def check(form: RecordDraft) -> int:
        return len(find_in(form.values, form.kind, _POLICY, vocabulary))

    found = sum(map(check, forms))
    taken = taken_ms(check, forms)
    # What the neighbours on the machine took is not in it.
    worked = taken_ms(check, forms, time.thread_time)
    return [
        Figure(f"{name}: findings, mean", found / len(forms), "findings"),
        Figure(f"{name}: median", at_percentile(taken, 50), "ms"),
        Figure(f"{name}: p99", at_percentile(taken, 99), "ms", TARGET_MS, at_least=False),
        Figure(f"{name}: longest", taken[-1], "ms"),
        Figure(f"{name}: CPU, p99", at_percentile(worked, 99), "ms"),
    ]


def _lookup_figures(words: Mapping[str, int], dice: random.Random) -> list[Figure]:
    """A misspelt word looked up by its index, and by comparing it with every word of about its length."""
    folded = [word.casefold() for word in words]
    index = NearWords()
    index.add(folded)
    by_length: dict[int, list[str]] = {}
    for word in folded:
        by_length.setdefault(len(word), []).append(word)
    asked = [_slip(dice.choice(folded), dice) for _ in range(1000)]

    def compared(word: str) -> object:
        limit = slip_limit(word)
        lengths = range(len(word) - limit, len(word) + limit + 1)
        near = [other for length in lengths for other in by_length.get(length, ())]
        return process.extract(word, near, scorer=OSA.distance, score_cutoff=limit, limit=None)

    figures = []
    for name, look in (("by its index", index.near), ("compared with all", compared)):
        taken = taken_ms(look, asked)
        for measure, percent in (("median", 50), ("p99", 99)):
            microseconds = at_percentile(taken, percent) * 1000
            figures.append(
                Figure(f"a misspelt word of {len(folded):,}, {name}: {measure}", microseconds, "us")
            )
    return figures


if __name__ == "__main__":
    sys.exit(main())
