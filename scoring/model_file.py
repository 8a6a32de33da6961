"""A trained model as one JSON file: both entities' parameters under one version.

{"format": 1, "version": ..., "origin": ..., "people": {...}, "companies": {...}, "labels": {...}}

The version holds a digest of the parameters, so one version is never two models.
"""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Literal

import msgspec

from scoring.comparables import Entity
from scoring.errors import ModelError
from scoring.model import ScoringModel, build_model
from scoring.model_parameters import EntityParameters

_DIGEST_DIGITS = 10


class LabelInfluence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What labels did to the parameters of one entity: how many there were, the calibration that they gave
    (slope, and shift in bits), and the shift of all match weights, in bits, that the parameters hold of it.
    """

    same_count: int
    different_count: int
    slope: float
    shift_bits: float
    applied_shift_bits: float


class ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a model is made of; `labels` has the entities that labels moved."""

    version: str
    origin: str
    people: EntityParameters
    companies: EntityParameters
    labels: dict[Entity, LabelInfluence] = {}
    format: Literal[1] = 1


def new_model_file(
    people: EntityParameters,
    companies: EntityParameters,
    *,
    origin: str,
    time: datetime,
    labels: dict[Entity, LabelInfluence] | None = None,
) -> ModelFile:
    """A file with the version ``trained-DATE-DIGEST``; the same parameters on one day give the same version.

    Raises:
        ModelError: the parameters cannot be a model.
    """
    build_model(people, companies)
    digest = hashlib.sha256(msgspec.json.encode((people, companies))).hexdigest()[:_DIGEST_DIGITS]
    return ModelFile(f"trained-{time:%Y%m%d}-{digest}", origin, people, companies, labels or {})


def parse_model_file(data: bytes) -> ModelFile:
    """The model of a JSON file; raises ModelError where it is not of this shape."""
    try:
        return msgspec.json.decode(data, type=ModelFile)
    except msgspec.DecodeError as error:
        raise ModelError("model file", str(error)) from error


def format_model_file(file: ModelFile) -> bytes:
    """The JSON of a model file."""
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"


def model_of(file: ModelFile) -> ScoringModel:
    """The checked model under the version of the file.

    Raises:
        ModelError: its parameters cannot be a model, or its comparisons or levels are not those of this
            release.
    """
    return replace(build_model(file.people, file.companies), version=file.version, origin=file.origin)
