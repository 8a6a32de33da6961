"""A trained model in one file: read again it is the same model, and another release's is refused."""

from datetime import UTC, datetime

import msgspec
import pytest

from scoring import Entity, ModelError, shipped_model
from scoring.calibration import shifted
from scoring.model_file import (
    LabelInfluence,
    ModelFile,
    format_model_file,
    model_of,
    new_model_file,
    parse_model_file,
)
from scoring.model_parameters import EntityParameters

TIME = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def model_file(shift_bits: float = 0.0) -> ModelFile:
    shipped = shipped_model()
    people = shifted(shipped.people.parameters, shift_bits)
    labels = {Entity.PERSON: LabelInfluence(60, 50, 0.9, -1.5, shift_bits)}
    return new_model_file(
        people, shipped.companies.parameters, origin="trained on a test", time=TIME, labels=labels
    )


def test_a_file_is_read_as_it_was_written() -> None:
    """Writing and reading give the same model, to the last bit."""
    file = model_file(1.0)
    again = parse_model_file(format_model_file(file))
    assert again == file
    assert model_of(again) == model_of(file)


def test_the_model_has_the_version_and_origin_of_its_file() -> None:
    """Answers name the file's version, not those of the parameters in it."""
    model = model_of(model_file())
    assert model.version.startswith("trained-20260304-")
    assert model.origin == "trained on a test"


def test_a_version_is_one_set_of_parameters() -> None:
    """The same parameters have one version on one day, others have another."""
    assert model_file(1.0).version == model_file(1.0).version
    assert model_file(1.0).version != model_file(2.0).version


@pytest.mark.parametrize(
    "text", [b"", b"{}", b'{"format": 2}', b"[1]", b"not json", b'{"version": 1, "origin": 2}']
)
def test_what_is_no_model_file_is_refused(text: bytes) -> None:
    """Other JSON, other formats and other text raise ModelError."""
    with pytest.raises(ModelError):
        parse_model_file(text)


def without_first_comparison(parameters: EntityParameters) -> EntityParameters:
    return msgspec.structs.replace(parameters, comparisons=parameters.comparisons[1:])


def with_other_level(parameters: EntityParameters) -> EntityParameters:
    first, *others = parameters.comparisons
    level = msgspec.structs.replace(first.levels[0], name="of_another_release")
    changed = msgspec.structs.replace(first, levels=(level, *first.levels[1:]))
    return msgspec.structs.replace(parameters, comparisons=(changed, *others))


@pytest.mark.parametrize("change", [without_first_comparison, with_other_level])
def test_comparators_of_another_release_are_refused(change: object) -> None:
    """A model whose comparisons or levels are not those of this release cannot be built."""
    assert callable(change)
    file = msgspec.structs.replace(model_file(), people=change(shipped_model().people.parameters))
    with pytest.raises(ModelError):
        model_of(file)
    with pytest.raises(ModelError):
        new_model_file(file.people, file.companies, origin="", time=TIME)
