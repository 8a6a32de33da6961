"""How a system writes a company's name."""

from random import Random

from benchmarks.hard_crm.companies import Company
from benchmarks.hard_crm.corruption import slipped, spelt_out, without_marks
from benchmarks.hard_crm.sources import Source
from benchmarks.hard_crm.vocabulary import Vocabulary

_ACRONYM_LENGTH = 3


class CompanyNames:
    """Writes names; it knows the short forms of the words that they are made of."""

    def __init__(self, words: Vocabulary) -> None:
        self._short = {
            word.text: word.others
            for kind in ("stem", "sector")
            for word in words.words[kind].items
            if word.others
        }

    def written(self, company: Company, source: Source, random: Random) -> tuple[str, str]:
        """The name and what was done to it, "" where nothing was."""
        name, done = self._chosen(company, random)
        if company.place_word and done != "brand" and random.random() < 0.35:
            name = f"{name} {company.place_word}"
        if done in {"", "short_words"} and random.random() < 0.5:
            name = f"{name}{_legal_form(company, random)}"
        if random.random() < source.plain_letters:
            name = spelt_out(name) if random.random() < 0.4 else without_marks(name)
        changed = slipped(name, random, source.slips)
        done = done or ("slip" if changed != name else "")
        if random.random() < source.upper_case:
            changed = changed.upper()
        return changed, done

    def _chosen(self, company: Company, random: Random) -> tuple[str, str]:
        kind = random.random()
        words = company.words
        plain_words = [word for word in words if word != "&"]
        # A branch or a sister is told apart by its last words, so nobody leaves those out.
        alone = company.relation == "single"
        chosen = (" ".join(words), "")
        if company.brand and kind < 0.3:
            chosen = (company.brand, "brand")
        elif company.former_name and kind < 0.3:
            chosen = (company.former_name, "former_name")
        elif len(plain_words) >= _ACRONYM_LENGTH and kind < 0.09:
            chosen = ("".join(word[0] for word in plain_words).upper(), "acronym")
        elif kind > 0.88:
            chosen = (" ".join(self._shortened(word, random) for word in words), "short_words")
        elif kind > 0.845 and len(words) > 1 and alone:
            chosen = (" ".join(words[:-1]).removesuffix(" &"), "words_left_out")
        elif kind > 0.83 and len(words) > 1:
            chosen = (" ".join((*words[1:], words[0])).removeprefix("& "), "word_order")
        elif random.random() < 0.4:
            chosen = (chosen[0].replace("&", "and"), "")
        return chosen

    def _shortened(self, word: str, random: Random) -> str:
        forms = self._short.get(word)
        return forms[random.randrange(len(forms))] if forms else word


def _legal_form(company: Company, random: Random) -> str:
    form = company.legal_form
    text = form.text
    if form.others and random.random() < 0.4:
        text = form.others[random.randrange(len(form.others))]
    return f", {text}" if company.country == "US" and random.random() < 0.4 else f" {text}"
