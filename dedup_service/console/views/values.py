"""The values of a person or company: by which they are recognised, and in which order they are read."""

from collections.abc import Iterable, Mapping

from dedup_service.console.texts.names import FIELDS
from dedup_service.v1.golden_record_service_pb2 import GoldenRecord

_PLACES = {field: place for place, field in enumerate(FIELDS)}
_TELLING = ("email", "phone", "mobile_phone", "city")


def title_of(values: Mapping[str, str]) -> str:
    """The name of the person, else of the company; empty where neither is known."""
    parts = (values.get("given_name", ""), values.get("family_name", ""))
    name = values.get("full_name") or " ".join(part for part in parts if part)
    return name or values.get("company_name", "")


def detail_of(values: Mapping[str, str]) -> str:
    """What tells them from others of the same name: e-mail, else phone, else place; may be empty."""
    return next((values[field] for field in _TELLING if values.get(field)), "")


def in_order(fields: Iterable[str]) -> list[str]:
    """Fields in the order in which they are shown: those that the console knows first, the others by name."""
    return sorted(set(fields), key=lambda field: (_PLACES.get(field, len(_PLACES)), field))


def texts_of(golden: GoldenRecord) -> dict[str, str]:
    """The surviving values of a golden record without where they come from."""
    return {field: value.value for field, value in golden.values.items()}
