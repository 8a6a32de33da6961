"""The licences of all that requirements.lock pins, into docs/licences.md; `--check` compares and judges.

What ships must be permissive, or stand in `ACCEPTED` with the reason why it may. Tools of development are
listed apart: nobody who runs the service receives them.
"""

import argparse
import sys
from collections.abc import Iterable
from importlib import metadata

from tools.lock_file import ROOT, Pin, read_lock, shipped

PAGE = ROOT / "docs" / "licences.md"
UNKNOWN = "unknown"
PERMISSIVE = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MIT-CMU",
        "PSF-2.0",
        "Zlib",
    }
)
# Weak copyleft that ships, each with what makes it harmless to whoever ships or runs the service.
ACCEPTED = {
    "certifi": ("MPL-2.0", "a list of certificates, shipped unchanged; its terms cover its own files alone"),
    "psycopg": ("LGPL-3.0-only", "imported unchanged from its own package, which anybody can exchange"),
    "psycopg-binary": ("LGPL-3.0-only", "the same"),
    "psycopg-pool": ("LGPL-3.0-only", "the same"),
}
# What a package calls its licence, where that is no SPDX identifier.
SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Read from the packages themselves: their metadata says nothing, or they are for another platform or
# another release of Python than the one that makes this page.
READ_BY_HAND = {
    "async-timeout": "Apache-2.0",
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
}


_HEAD = """\
Made by `make licences` from the lock and from what the packages say of themselves.
`make lint` fails if it is not up to date, or if something ships that is neither permissive nor accepted here.
A wheel may hold compiled libraries of others (OpenSSL and libpq in psycopg-binary, OpenBLAS and the GCC
runtime in numpy and scipy): their notices are in the wheels.
"""


def licence_of(name: str) -> str:
    """The licence of a package as an SPDX expression where it gives one; `unknown` if nothing says it."""
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return UNKNOWN
    if expression := about.json.get("license_expression"):
        return str(expression)
    said = [
        line.rpartition("::")[2].strip() for line in about.get_all("Classifier") or () if "License" in line
    ]
    known = [SPELLINGS[each] for each in said if each in SPELLINGS]
    if known:
        return " OR ".join(sorted(set(known)))
    text = str(about.json.get("license") or "").strip()
    return SPELLINGS.get(text, text if text and "\n" not in text and len(text) < 40 else UNKNOWN)


def permissive(expression: str) -> bool:
    """Whether some choice of this expression has permissive terms alone; one with brackets has not."""
    return any(
        all(term.strip() in PERMISSIVE for term in choice.split(" AND "))
        for choice in expression.split(" OR ")
    )


def problems(ships: Iterable[Pin]) -> list[str]:
    """What ships without a licence that it may ship under."""
    found = []
    for name in sorted({pin.name for pin in ships}):
        licence = licence_of(name)
        accepted = ACCEPTED.get(name)
        if not permissive(licence) and (accepted is None or accepted[0] != licence):
            found.append(
                f"{name} ships under {licence}, which is neither permissive nor accepted with a reason"
            )
    return found


def page(pins: list[Pin], ships: list[Pin]) -> str:
    """The text of docs/licences.md."""
    inside = {pin.name for pin in ships}
    lines = [
        "# Licences",
        "",
        _HEAD,
        "## Accepted with a reason",
        "",
        "| package | licence | reason |",
        "|---|---|---|",
        *(f"| {name} | {licence} | {reason} |" for name, (licence, reason) in sorted(ACCEPTED.items())),
    ]
    parts = {
        "What ships": "With every extra but `dev`.",
        "What only development needs": "Not part of the product, nor of an image of it.",
    }
    for title, meaning in parts.items():
        some = [pin for pin in pins if (pin.name in inside) == (title == "What ships")]
        rows = sorted({f"| {pin.name} | {pin.version} | {licence_of(pin.name)} |" for pin in some})
        lines += [
            "",
            f"## {title}",
            "",
            meaning,
            "",
            "| package | version | licence |",
            "|---|---|---|",
            *rows,
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    pins = read_lock()
    ships = shipped(pins)
    wrong = problems(ships)
    text = page(pins, ships)
    if not arguments.parse_args().check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        wrong.append("docs/licences.md is not up to date: say make licences")
    for each in wrong:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
