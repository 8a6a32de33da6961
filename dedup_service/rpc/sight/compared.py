"""Of which fields of a record a comparison, a blocking key or a name in a list is made."""

from collections.abc import Mapping

PERSON_NAME = frozenset(
    {"title", "given_name", "middle_name", "family_name", "full_name", "suffix", "maiden_name", "other_name"}
)
PLACE = frozenset({"street", "city", "region", "postal_code", "country"})
MAIL = frozenset({"email", "secondary_email"})
PHONE = frozenset({"phone", "mobile_phone"})
COMPANY = frozenset({"company_name", "full_name", "other_name", "maiden_name"})
IDENTIFIERS = frozenset({"tax_id", "national_id", "registration_number", "customer_number"})
_COUNTRY = frozenset({"country"})
_BIRTH = frozenset({"birth_date", "country"})

# By which a list shows whom an account is about (`domain/display.py`).
DISPLAY_NAME = PERSON_NAME | COMPANY
# What the reasons of an assignment and the evidence for an account may quote.
TERRITORY = PLACE | {"industry"}
ACCOUNT_EVIDENCE = COMPANY | MAIL | PHONE | PLACE | IDENTIFIERS | {"website", "industry"}

OF_COMPARISON: Mapping[str, frozenset[str]] = {
    "given_name": PERSON_NAME,
    "middle_name": PERSON_NAME,
    "suffix": PERSON_NAME,
    "gender": PERSON_NAME | {"gender"},
    "birth_date": _BIRTH,
    "family_name": PERSON_NAME,
    "birth_place": frozenset({"birth_place"}),
    "email": MAIL,
    "phone": PHONE | _COUNTRY,
    "street": PLACE,
    "place": PLACE,
    "employer": COMPANY,
    "job_title": frozenset({"job_title"}),
    "national_id": frozenset({"national_id"}),
    "tax_id": frozenset({"tax_id"}),
    "registration_number": frozenset({"registration_number"}),
    "customer_number": frozenset({"customer_number"}),
    "company_name": COMPANY,
    "branch": COMPANY | PLACE,
    "legal_form": COMPANY,
    "website": MAIL | {"website"},
    "industry": frozenset({"industry"}),
}
COMPARED = frozenset[str]().union(*OF_COMPARISON.values())

_CONTACT_KEYS = {"a": PLACE, "e": MAIL, "i": IDENTIFIERS, "p": PHONE | _COUNTRY}
_PERSON_KEYS = {
    "b": PERSON_NAME | _BIRTH,
    "c": PERSON_NAME | PLACE,
    "d": PERSON_NAME | _BIRTH,
    "g": PERSON_NAME | PLACE,
    "h": PERSON_NAME | COMPANY,
    "j": PERSON_NAME | COMPANY,
    "k": PERSON_NAME,
    "l": MAIL,
    "n": PERSON_NAME,
    "o": PERSON_NAME | _BIRTH,
    "y": PERSON_NAME | _BIRTH,
    "z": PERSON_NAME | PLACE,
}
_COMPANY_KEYS = {
    "n": COMPANY,
    "o": COMPANY | PLACE,
    "q": COMPANY,
    "r": COMPANY,
    "t": COMPANY,
    "w": MAIL | {"website"},
}
# By the prefix of the key; those of companies have prefixes of their own.
OF_KEY: Mapping[str, frozenset[str]] = {
    **_CONTACT_KEYS,
    **_PERSON_KEYS,
    **{f"c{prefix}": fields for prefix, fields in (_CONTACT_KEYS | _COMPANY_KEYS).items()},
}
