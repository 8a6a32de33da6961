"""Models that the user has as files."""

import json
from collections.abc import Sequence
from pathlib import Path

from dedup_service.cli.problems import CommandError, no_model_file
from scoring import Entity, ModelError, ScoringModel, shipped_model
from scoring.model import build_model
from scoring.model_file import model_of, parse_model_file
from scoring.model_parameters import EntityParameters, parse_parameters


def read_model(paths: Sequence[Path]) -> ScoringModel | None:
    """The model that `dedup train` wrote, or the shipped one with the parameters of these files."""
    if not paths:
        return None
    parameters = {entity: shipped_model().of(entity).parameters for entity in Entity}
    for path in paths:
        read = _model_or_parameters(path)
        if isinstance(read, EntityParameters):
            parameters[read.entity] = read
        elif len(paths) == 1:
            return read
        else:
            raise CommandError(f"{path} is a whole model: name no other --model beside it")
    return build_model(parameters[Entity.PERSON], parameters[Entity.COMPANY])


def _model_or_parameters(path: Path) -> ScoringModel | EntityParameters:
    """The model of a model file, or the parameters of people or of companies alone."""
    content = path.read_bytes()
    try:
        return model_of(parse_model_file(content))
    except ModelError as no_model:
        try:
            return parse_parameters(content)
        except ModelError as no_parameters:
            said = no_parameters if _names_its_entity(content) else no_model
            raise CommandError(no_model_file(path, said)) from said


def _names_its_entity(content: bytes) -> bool:
    """Whether a file means to be parameters, which say of whom they are, and no model file."""
    try:
        found = json.loads(content)
    except ValueError:
        return False
    return isinstance(found, dict) and "entity" in found
