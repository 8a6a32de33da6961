"""A record made ready for comparing: built once, packed into the index, unpacked for every comparison."""

from enum import StrEnum

import msgspec

from scoring.errors import ComparableError


class Entity(StrEnum):
    """What a record describes; a person and a company never match."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"


# No cycles can be made of text and tuples of text: the garbage collector need not look at them, which it
# would at every few thousand that are unpacked.
class Comparable(msgspec.Struct, frozen=True, order=True, array_like=True, gc=False):
    """A normalised record. An empty string or tuple is a missing value. Ordered, so that a pair has one
    first side.
    """

    entity: Entity
    given: str = ""
    middle: str = ""
    family: str = ""
    suffix: str = ""
    gender: str = ""
    birth_date: str = ""
    emails: tuple[str, ...] = ()
    shared_emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    shared_phones: tuple[str, ...] = ()
    house_number: str = ""
    street: str = ""
    unit: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    company: str = ""
    company_marks: tuple[str, ...] = ()
    legal_form: str = ""
    domains: tuple[str, ...] = ()
    tax_id: str = ""
    registration_number: str = ""
    customer_number: str = ""
    mobiles: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    other_families: tuple[str, ...] = ()
    birth_place: str = ""
    national_ids: tuple[str, ...] = ()
    region: str = ""
    job_title: str = ""
    industry: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Comparable)


def pack(comparable: Comparable) -> bytes:
    """The comparable as msgpack bytes, a few hundred at most; the same bytes on every run."""
    return _ENCODER.encode(comparable)


def unpack(data: bytes) -> Comparable:
    """The comparable that was packed; raises ComparableError for any other bytes."""
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ComparableError("not a packed comparable") from error
