"""FORMAT COUNTRY and POSTAL_CODE: a country that exists, and a postal code as that country writes them."""

from rapidfuzz import process
from rapidfuzz.distance import OSA

from dedup_service.domain.countries import country_of
from dedup_service.domain.data_entry.capitals import proper
from dedup_service.domain.data_entry.entries import Entry, Problem
from dedup_service.domain.data_entry.findings import DataEntryRule
from dedup_service.domain.data_entry.near_words import slip_limit
from dedup_service.domain.data_entry.policy import Capitals
from scoring.attributes.place import normalise_postal_code
from scoring.vocabulary import word_map

_MAX_POSTAL_CODE = 16
_SHOWN_FORMS = 3


def country_problem(entry: Entry) -> Problem | None:
    """The problem with what is no country; the suggestion is the nearest name of one."""
    if country_of(entry.text):
        return None
    message = "is no country that is known: write its name, or its code of two letters"
    return Problem(DataEntryRule.FORMAT, message, _nearest_country(entry))


def postal_code_problem(entry: Entry) -> Problem | None:
    """The problem with a code that the record's country does not write so; the suggestion is in its form.

    Nothing is said where the country is not given, or its forms are not in the policy.
    """
    forms = entry.policy.postal_codes.get(entry.country, ())
    if not forms or _shape(entry.text) in forms:
        return None
    shown = " or ".join(forms[:_SHOWN_FORMS])
    message = f"is no postal code of {entry.country}: write it as {shown} (9 is a digit, A a letter)"
    return Problem(DataEntryRule.FORMAT, message, _in_form(entry, forms))


def _nearest_country(entry: Entry) -> str:
    limit = slip_limit(entry.plain)
    if not limit:
        return ""
    names = [name for name in word_map("countries") if len(name) > limit + 1]
    found = process.extractOne(entry.plain, names, scorer=OSA.distance, score_cutoff=limit)
    return proper(found[0].upper(), Capitals.PLACE, entry.policy.capitals) if found else ""


def _shape(text: str) -> str:
    """9 for each digit and A for each letter; of a longer text than any code, nothing."""
    if len(text) > _MAX_POSTAL_CODE:
        return ""
    return "".join(
        "9"
        if letter.isascii() and letter.isdigit()
        else "A"
        if letter.isascii() and letter.isalpha()
        else letter
        for letter in text
    )


def _in_form(entry: Entry, forms: tuple[str, ...]) -> str:
    """The same letters and digits in a form of the country, else with what a spreadsheet took given back."""
    closed = "".join(letter for letter in entry.text if letter.isalnum())
    for code in (closed, normalise_postal_code(entry.text, entry.country.lower())):
        shape = _shape(code)
        for form in forms:
            if shape and shape == "".join(filter(str.isalnum, form)):
                letters = iter(code.upper())
                return "".join(next(letters) if mark.isalnum() else mark for mark in form)
    return ""
