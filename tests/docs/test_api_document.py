"""docs/api.md has every service, method and resource of the API, and no others."""

import re
from pathlib import Path
from typing import Any

from google.api import resource_pb2

from tests.proto.compiled_api import compiled_api

# The stubs of the google modules call every extension a FieldDescriptor, which says nothing of its type.
RESOURCE: Any = resource_pb2.resource
PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")


def test_every_method_stands_in_the_table_of_its_service() -> None:
    """Each service has a heading, and below it a row for each of its methods."""
    said: dict[str, set[str]] = {}
    for heading, text in re.findall(r"^### (\w+Service)\b.*?$(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL):
        cells = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text, re.MULTILINE)
        said[heading] = {name for cell in cells for name in re.findall(r"\w+", cell)}
    assert said == {
        service.name: {method.name for method in service.method}
        for file in compiled_api()
        for service in file.service
    }


def test_every_resource_has_its_name() -> None:
    """The table of names has each resource, and nothing that is none."""
    resources = [
        message.options.Extensions[RESOURCE]
        for file in compiled_api()
        for message in file.message_type
        if message.options.HasExtension(RESOURCE)
    ]
    table = PAGE.split("| resource | name |\n|---|---|\n")[1].split("\n\n")[0]
    rows = dict(re.findall(r"^\| (\w+) \| `([^`]+)`", table, re.MULTILINE))
    assert set(rows) == {each.type.rpartition("/")[2] for each in resources}
