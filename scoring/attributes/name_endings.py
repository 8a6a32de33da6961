"""What stands after a name: generational suffixes and degrees.

Some are names as well: Jun and Sen, Ma and Do. Those are read as endings only where they are set apart, by a
dot, a comma, or letters of another case than the name has (Hans Müller jun), and never in an East Asian name.
"""

from scoring.attributes.east_asian_names import is_syllable
from scoring.text import normalise
from scoring.vocabulary import word_map, word_set

_SUFFIXES = word_map("suffixes")
_DEGREES = word_set("degrees")
_NAMES_TOO = frozenset(("ba", "do", "jun", "ma", "ml", "sen", "sn"))
# Initials, and family names that are the ending of a longer name: John V, Ana Neto.
_AFTER_TWO = frozenset(("i", "neto", "rn", "v"))
_AFTER_TWO_IN_FULL = frozenset(
    ("elder", "filho", "fils", "hijo", "junior", "second", "senior", "third", "younger")
)


def stripped_of_endings(words: list[str], text: str, field: str) -> tuple[list[str], str]:
    """The words of a name without its endings, and the generational suffix that was among them; `text` is the
    name as it is written, `field` is 'given', 'family' or 'full'.
    """
    words, written, generation = list(words), text.split(), ""
    while len(words) > 1 and _is_ending(words, written, field):
        generation = generation or _SUFFIXES.get(words[-1], "")
        words.pop()
        written = written[:-1]
    return words, generation


def are_endings_after_comma(endings: list[str], before: str) -> bool:
    """Whether what stands after a comma are endings alone, and no given name as in 'Kim, Jun'."""
    if not all(word in _SUFFIXES or word in _DEGREES for word in endings):
        return False
    return " " in before.strip() or _NAMES_TOO.isdisjoint(endings)


def _is_ending(words: list[str], written: list[str], field: str) -> bool:
    last = words[-1]
    if last not in _SUFFIXES and last not in _DEGREES:
        return False
    if last in _NAMES_TOO:
        return (field != "full" or len(words) > 2) and _is_set_apart(words, written, field)
    if last in _AFTER_TWO:
        return len(words) > 2 and field != "given"
    return field != "full" or len(words) > 2 or last not in _AFTER_TWO_IN_FULL


def _is_set_apart(words: list[str], written: list[str], field: str) -> bool:
    if len(written) < 2 or normalise(written[-1]) != words[-1] or all(map(is_syllable, words[:-1])):
        return False
    before, ending = written[-2:]
    if ending.endswith((".", ")")):
        return True
    if field == "given":
        return False
    return (ending.islower() and not before.islower()) or (ending.isupper() and not before.isupper())
