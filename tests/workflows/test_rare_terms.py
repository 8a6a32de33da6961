"""A stored model says of no value how common it is unless many hold it, or the release ships it (E-4)."""

import msgspec

import scoring
from dedup_service.workflows.training import LEAST_HOLDERS, without_rare_terms


def test_values_of_few_are_left_out_and_those_of_many_stay() -> None:
    """The bound itself counts as many; values that ship stay however few hold them here."""
    person = scoring.Entity.PERSON
    parameters = scoring.shipped_model().of(person).parameters
    shipped = parameters.term_frequencies["family_name"]
    learned = {**shipped, "zyxwvrare": 0.01, "zyxwvcommon": 0.02}
    tables = {**parameters.term_frequencies, "family_name": learned}
    trained = msgspec.structs.replace(parameters, term_frequencies=tables)
    records = [
        scoring.prepare({"given_name": "Ann", "family_name": name}, person)
        for name, count in (("Zyxwvrare", LEAST_HOLDERS - 1), ("Zyxwvcommon", LEAST_HOLDERS))
        for _ in range(count)
    ]
    kept = without_rare_terms(person, trained, records).term_frequencies
    assert kept["family_name"] == {**shipped, "zyxwvcommon": 0.02}
    assert kept["given_name"] == tables["given_name"]
