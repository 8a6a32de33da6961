"""Comparables of any values, made without normalising, that have much in common and differ by slips."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st
from msgspec.structs import replace

from scoring import Comparable, Entity

LETTERS = "abemnos1 é."
WORDS = st.sampled_from(
    (
        *(
            "bob",
            "robert",
            "anna",
            "hannah",
            "jo",
            "smith",
            "smyth",
            "schmidt",
            "mueller",
            "muller",
            "garcia",
        ),
        *(
            "lopez",
            "van",
            "de",
            "berg",
            "kim",
            "park",
            "jisung",
            "minjun",
            "li",
            "王",
            "李",
            "иванов",
            "ivanov",
        ),
        *("m", "maria", "mariana", "b0b", "roux", "acme", "trading", "leeds", "holdings", "at", "tradng"),
    )
) | st.text(LETTERS.replace(" ", ""), min_size=1, max_size=9)
NAMES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
STREETS = st.sampled_from(
    (
        "high street",
        "high road",
        "high barn street",
        "12 street",
        "hauptstrasse",
        "rue de la paix",
        "elm street north",
    )
) | st.tuples(WORDS, st.sampled_from(("street", "road", "avenue", "strasse", "north"))).map(" ".join)
DOMAINS = st.sampled_from(
    (
        "gmail.com",
        "gmial.com",
        "acme.com",
        "acme.co.uk",
        "acme1.com",
        "zenith-foods.de",
        "yahoo.com",
        "zenithfoods.de",
    )
)
LOCALS = st.sampled_from(
    (
        "john.smith",
        "jsmith",
        "johnsmith",
        "smithj",
        "john.smith1",
        "john.smith22",
        "info",
        "emp1001",
        "emp1002",
        "",
    )
) | st.text("abjs.1", max_size=8)
EMAILS = st.tuples(LOCALS, DOMAINS).map("@".join) | st.text("ab@.1", min_size=1, max_size=8)
PHONES = st.sampled_from(
    ("+442079460958", "2079460958", "+442079460985", "+442079460959", "+12125550143", "2125550143", "5550143")
) | st.from_regex(r"\A\+?[0-9]{6,13}\Z")
CODES = st.sampled_from(
    ("80331", "80313", "80332", "8033", "al12ab", "al12ac", "al1", "01234", "1234", "k1a0b1")
)
SITES = DOMAINS | st.sampled_from(("facebook.com/acme", "acme.wordpress.com", "zenith.wordpress.com"))
NUMBERS = st.sampled_from(("1234567", "1234576", "gb123456789", "123456789", "0123", "*6789", "de136695976"))
DATES = st.sampled_from(
    ("1980-04-03", "1980-03-04", "1980-04-30", "1981-04-03", "1980-01-01", "1955", "1955-02")
)


def several(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """One value mostly, or a few, sorted and without repetitions, as `prepare` has them."""
    return st.lists(values, min_size=1, max_size=2).map(lambda found: tuple(sorted(set(found))))


FIELDS: Mapping[str, st.SearchStrategy[object]] = {
    "given": NAMES,
    "middle": NAMES,
    "family": NAMES,
    "suffix": st.sampled_from(("jr", "sr", "iii")),
    "gender": st.sampled_from(("m", "f")),
    "birth_date": DATES,
    "emails": several(EMAILS),
    "shared_emails": several(EMAILS),
    "phones": several(PHONES),
    "shared_phones": several(PHONES),
    "house_number": st.sampled_from(("1", "12", "12a", "21", "133")),
    "street": STREETS,
    "unit": st.sampled_from(("1", "12", "3", "4b")),
    "postal_code": CODES,
    "city": st.sampled_from(
        ("leeds", "leads", "london", "york", "cork", "saint albans", "münchen", "brooklyn", "new york")
    ),
    "country": st.sampled_from(("gb", "de")),
    "company": NAMES,
    "company_marks": several(WORDS),
    "legal_form": st.sampled_from(("ltd", "gmbh", "inc", "co")),
    "domains": several(SITES),
    "tax_id": NUMBERS,
    "registration_number": NUMBERS,
    "customer_number": NUMBERS,
    "mobiles": several(PHONES),
    "other_names": several(NAMES),
    "other_families": several(NAMES),
    "birth_place": st.sampled_from(("leeds", "hackney", "hackney london")),
    "national_ids": several(NUMBERS),
    "job_title": st.sampled_from(("head sales", "sales head", "engineer")),
    "industry": st.sampled_from(("retail", "retial", "food")),
}
# Fields of which one may hold what another does.
_OTHERS = {
    "given": "family",
    "family": "given",
    "shared_emails": "emails",
    "mobiles": "phones",
    "unit": "house_number",
}
# Their comparators read them as what they are, and would not take a slip.
_WHOLE = {"birth_date", "country", "legal_form"}
_USUAL = {
    Entity.PERSON: ("given", "family", "emails", "phones", "street", "house_number", "postal_code", "city"),
    Entity.COMPANY: ("company", "emails", "domains", "phones", "street", "postal_code", "city"),
}


@st.composite
def slipped(draw: st.DrawFn, value: str) -> str:
    """The text with a letter more, less, changed or out of place; never empty, no space at an end."""
    at = draw(st.integers(0, len(value) - 1))
    letter = draw(st.sampled_from(LETTERS + "@+0"))
    made = draw(
        st.sampled_from(
            (
                value[:at] + letter + value[at:],
                value[:at] + value[at + 1 :],
                value[:at] + letter + value[at + 1 :],
                value[:at] + value[at : at + 2][::-1] + value[at + 2 :],
            )
        )
    )
    return " ".join(made.split()) or value


@st.composite
def _again(draw: st.DrawFn, name: str, values: Mapping[str, object]) -> object:
    """A value of the second record: that of the first, nearly that, that of another field, or any."""
    value = values.get(name)
    way = draw(st.sampled_from(("same", "slip", "other", "any", "none")))
    if way == "other" and name in _OTHERS:
        return values.get(_OTHERS[name])
    if way in {"same", "slip"} and value:
        if way == "same" or name in _WHOLE:
            return value
        if isinstance(value, tuple):
            return tuple(sorted({draw(slipped(value[0])), *value[1:]}))
        return draw(slipped(str(value)))
    return draw(FIELDS[name]) if way == "any" else None


@st.composite
def near_records(draw: st.DrawFn, entity: Entity, names: Sequence[str] = ()) -> list[Comparable]:
    """A record, and a few more that have some of its values, some with slips; of these fields, or of those
    that most records have and some others.
    """
    if not names:
        others = sorted(FIELDS) if entity is Entity.PERSON else sorted({*FIELDS} - {"mobiles"})
        names = sorted({*_USUAL[entity], *draw(st.sets(st.sampled_from(others), max_size=6))})
    elif entity is Entity.COMPANY:
        names = [name for name in names if name != "mobiles"]  # which are people's alone
    first = {name: draw(FIELDS[name]) for name in names}
    made = [first]
    for _ in range(draw(st.integers(1, 2))):
        values = {name: draw(_again(name, first)) for name in names}
        made.append({name: value for name, value in values.items() if value})
    empty = Comparable(entity)
    return [replace(empty, **values) for values in made]
