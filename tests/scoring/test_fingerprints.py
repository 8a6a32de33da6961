"""The fingerprints by which stored comparables and indexes of another release are told."""

import sys

import grimp
import pytest

import scoring
from scoring import blocking, fingerprints


def covered() -> set[str]:
    return {f"scoring.{name}" for name in fingerprints.PREPARING_MODULES}


def uncovered(module: str) -> set[str]:
    """What a module imports, directly or not, beyond what the fingerprint of preparing is made of."""
    imported = grimp.build_graph("scoring", cache_dir=None).find_upstream_modules(module)
    folders = tuple(f"scoring.{folder}" for folder in fingerprints.PREPARING_FOLDERS)
    return {name for name in imported if not name.startswith(folders)} - covered()


def test_preparing_depends_on_nothing_else() -> None:
    """A module that `prepare` comes to need must be part of its fingerprint."""
    assert uncovered("scoring.preparation") == set()


def test_blocking_depends_on_nothing_else() -> None:
    """Beyond those, keys depend on the words of the shipped model, which are part of their fingerprint."""
    assert uncovered("scoring.blocking") == {
        "scoring.comparators",
        "scoring.model",
        "scoring.model_parameters",
    }


def test_every_library_counts() -> None:
    """What `prepare` and the keys need of others is part of the fingerprints; msgspec only packs."""
    graph = grimp.build_graph("scoring", include_external_packages=True, cache_dir=None)
    imported = graph.find_upstream_modules("scoring.preparation") | graph.find_upstream_modules(
        "scoring.blocking"
    )
    others = {name for name in imported if not name.startswith("scoring")} - sys.stdlib_module_names
    libraries = {*fingerprints.PREPARING_LIBRARIES, *fingerprints.BLOCKING_LIBRARIES}
    assert others == libraries | {"msgspec"}


def test_keys_of_other_words_have_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words that make no key by themselves are part of how keys are made."""
    before = scoring.blocking_fingerprint()
    assert (len(before), len(scoring.preparation_fingerprint())) == (16, 8)
    monkeypatch.setattr(blocking, "_COMMON_WORDS", frozenset({"another"}))
    assert fingerprints.blocking_fingerprint.__wrapped__() != before
