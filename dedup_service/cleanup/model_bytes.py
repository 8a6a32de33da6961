"""A scoring model on its way to other processes and to disk: the JSON of its parameters."""

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

import scoring
from scoring.model import build_model
from scoring.model_parameters import EntityParameters

_FILE = "model.json"


class _Content(msgspec.Struct, frozen=True):
    version: str
    origin: str
    people: EntityParameters
    companies: EntityParameters


@dataclass(frozen=True, slots=True)
class ModelBytes:
    """A model as JSON."""

    data: bytes

    @classmethod
    def of(cls, model: scoring.ScoringModel) -> "ModelBytes":
        """The bytes of a model; the same model gives the same bytes."""
        people, companies = model.people.parameters, model.companies.parameters
        return cls(msgspec.json.encode(_Content(model.version, model.origin, people, companies)))

    def model(self) -> scoring.ScoringModel:
        """The model of these bytes."""
        content = msgspec.json.decode(self.data, type=_Content)
        built = build_model(content.people, content.companies)
        return replace(built, version=content.version, origin=content.origin)

    def write(self, folder: Path) -> None:
        """Write the model into a folder."""
        (folder / _FILE).write_bytes(self.data)

    @classmethod
    def read(cls, folder: Path) -> "ModelBytes":
        """What `write` wrote."""
        return cls((folder / _FILE).read_bytes())
