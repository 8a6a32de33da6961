"""What a command printed."""

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]


def json_lines(result: Result) -> list[dict[str, Any]]:
    """The objects on stdout, one a line, and nothing else."""
    return [json.loads(line) for line in result.stdout.splitlines()]
