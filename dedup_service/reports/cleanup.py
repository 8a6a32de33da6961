"""The report of a cleanup as one HTML page that asks nothing from outside: what was found, how sure it is,
what merging would change, what was compared, and what makes the same result again.

It shows no value of a record but the names of sources and owners. Texts come from anybody: the template
escapes every one, and the page forbids scripts and requests.
"""

import shlex
from collections.abc import Mapping
from typing import Any

from dedup_service.reports import cleanup_bars
from dedup_service.reports.pictures import in_bits

_TEMPLATE = "cleanup.html.jinja"
_OPTIONS = {
    "entity": "--entity",
    "encoding": "--encoding",
    "table": "--table",
    "most_members": "--most-members",
    "most_reviews": "--most-reviews",
    "format": "--format",
    "seed": "--seed",
}


def page_of(figures: Mapping[str, Any]) -> str:
    """The page of the figures that `clean.json` holds."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 -- only pages need it

    environment = Environment(
        loader=PackageLoader("dedup_service.reports", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"percent": _percent, "number": _number, "bits": in_bits, "plural": _plural}
    return environment.get_template(_TEMPLATE).render(
        figures=figures,
        names=names_of(figures),
        bars=cleanup_bars,
        command=command_of(figures["options"], figures["made"]["engine"]),
    )


def names_of(figures: Mapping[str, Any]) -> str:
    """The files in words."""
    names = [one["name"].rstrip("/").rpartition("/")[2] for one in figures["inputs"]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def command_of(options: Mapping[str, Any], engine: str) -> str:
    """The command that makes the same result again."""
    words = ["dedup", "clean", *options["files"]]
    words += [word for column in options["columns"] for word in ("--column", column)]
    words += [word for model in options["models"] for word in ("--model", model)]
    words += [] if options["train"] else ["--no-train"]
    words += [] if engine == "embedded" else ["--engine", engine]
    for name, option in _OPTIONS.items():
        if options[name] != "":
            words += [option, str(options[name])]
    return shlex.join(words)


def _percent(share: float | None, digits: int = 1) -> str:
    return "none" if share is None else f"{share:.{digits}%}"


def _number(value: float | None, digits: int = 0) -> str:
    return "none" if value is None else f"{value:,.{digits}f}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
