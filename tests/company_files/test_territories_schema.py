"""The JSON Schema says of territories and lead scoring what the reader says, as far as a schema can."""

import pytest

from dedup_service.company_files import parse_policy
from tests.company_files.changed_texts import changed, problems
from tests.company_files.test_policy_schema import VALIDATOR, document

MUNICH = 'countries: [DE], postal_codes: ["80-82", "85"], team: dach, partner: Isartal Systemhaus}'
NORDHAFEN = "companies: [Nordhafen Logistik GmbH], domains: [nordhafen.example], principal: users/sara}"
PEOPLE = "fact: employees, at_least: 50, points: 10}"

BAD = [
    ("general_queue: general", "general_queue: The queue"),
    ("    dach: {", "    DACH: {"),
    ("members: [users/ann, users/ben]", "members: []"),
    ("members: [users/ann, users/ben]", "members: [services/importer]"),
    (NORDHAFEN, "principal: users/sara}"),
    (NORDHAFEN, NORDHAFEN.replace("nordhafen.example", "a@nordhafen.example")),
    (NORDHAFEN, "accounts: [erp/1], queue: q}"),
    (MUNICH, MUNICH.replace("team: dach, ", "")),
    (MUNICH, MUNICH.replace("team: dach", "team: dach, queue: q")),
    (MUNICH, MUNICH.replace("[DE]", "[NO]")),
    (MUNICH, MUNICH.replace("[DE]", "[]")),
    (MUNICH, MUNICH.replace("[DE]", "[de]")),
    (MUNICH, MUNICH.replace('"85"', "85")),
    (MUNICH, MUNICH.replace("80-82", "A-B")),
    (MUNICH, MUNICH.replace("team", "government: false, team")),
    ("grades: {A: 50, B: 30, C: 10}", "grades: {A: 50, B: 30}"),
    (PEOPLE, "fact: employees, at_least: 50}"),
    (PEOPLE, "at_least: 50, points: 10}"),
    (PEOPLE, "fact: employees, field: city, points: 10}"),
    (PEOPLE, "fact: employes, points: 10}"),
    (PEOPLE, "field: employees, points: 10}"),
    (PEOPLE, "fact: employees, at_least: -1, points: 10}"),
    (PEOPLE, "fact: employees, equals: [a], points: 10}"),
    (PEOPLE, "fact: employees, at_least: 1, within_days: 1, points: 10}"),
]
GOOD = [
    ("  general_queue: general\n", ""),
    ("method: ROUND_ROBIN, function: sales, members: [users/ann", "function: sales, members: [users/ann"),
    (NORDHAFEN, "accounts: [sources/erp/records/4711], queue: vip}"),
    (MUNICH, 'countries: ["NO"], government: true, industries: [Mining], regions: [Oslo], queue: north}'),
    (MUNICH, 'postal_codes: [SW1, sw1 a, "01", "80 - 83"], principal: users/ann}'),
    (PEOPLE, "field: custom.size, equals: [big], points: -5}"),
    (PEOPLE, "fact: legal_hold, flag: false, points: 0}"),
]


def marked(text: str) -> list[str]:
    """What an editor marks in these two sections."""
    errors = VALIDATOR.iter_errors(document(text))
    return [each.message for each in errors if each.path and each.path[0] in {"territories", "lead_scoring"}]


@pytest.mark.parametrize(("old", "new"), BAD)
def test_a_bad_policy_is_refused_by_the_reader_and_by_the_schema(old: str, new: str) -> None:
    """What a schema can say, it says as the reader does."""
    text = changed((old, new))
    assert problems(text)
    assert marked(text) != []


@pytest.mark.parametrize(("old", "new"), GOOD)
def test_a_good_policy_is_taken_by_both(old: str, new: str) -> None:
    """What the reader takes, an editor does not mark."""
    text = changed((old, new))
    assert parse_policy(text).version
    assert marked(text) == []
