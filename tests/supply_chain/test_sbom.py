"""The bill of what ships is valid CycloneDX and leaves nothing out."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.lock_file import shipped
from tools.sbom import bill


@pytest.mark.proof
def test_every_pin_that_ships_is_in_the_bill() -> None:
    """By package URL, with all its hashes and a licence; and nothing else is."""
    found = bill()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(found)) is None
    listed = {
        each["purl"]: {hash_["content"] for part in each["externalReferences"] for hash_ in part["hashes"]}
        for each in found["components"]
    }
    locked = {
        f"pkg:pypi/{pin.name}@{pin.version}": {text.removeprefix("sha256:") for text in pin.hashes}
        for pin in shipped()
    }
    assert listed == locked
    assert all(each["licenses"] for each in found["components"])
