"""Ids that stay the same however an export writes them, and ids for what has none."""

import hashlib

_SUFFIX_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_CASE_SENSITIVE_CHARACTERS = 15


def salesforce_id(text: str) -> str:
    """An id of 18 characters for one of 15; any other text as it stands.

    Reports show 15 characters, of which the case counts; the API adds three that say which of them are
    capitals. Both are one record.
    """
    if len(text) != _CASE_SENSITIVE_CHARACTERS or not (text.isascii() and text.isalnum()):
        return text
    parts = (text[start : start + 5] for start in range(0, _CASE_SENSITIVE_CHARACTERS, 5))
    suffix = (sum(character.isupper() << place for place, character in enumerate(part)) for part in parts)
    return text + "".join(_SUFFIX_LETTERS[number] for number in suffix)


def id_of_address(text: str) -> str:
    """An id for someone who is known by an address alone: the same for the same address, however it is
    written, and without the address in it, as ids outlive the erasure of a record.
    """
    said = "".join(text.split()).casefold()
    return f"a-{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"
