"""Which pinned releases their authors have withdrawn from the package index ("yanked", PEP 592)."""

import asyncio

import httpx
from packaging.utils import parse_sdist_filename, parse_wheel_filename
from pip._internal.models.index import PyPI

from tools.lock_file import Pin

# A release that is withdrawn for good: an index that does not say so says nothing of others either.
CANARY = Pin("attrs", "21.1.0", "", (), (), ())
_AT_A_TIME = 16
_FORM = "application/vnd.pypi.simple.v1+json"


def withdrawn(pins: list[Pin]) -> tuple[list[str], str]:
    """A line for each withdrawn pin, and what to say of the index; it need not be reachable."""
    try:
        found = asyncio.run(_ask({pin.name for pin in (*pins, CANARY)}))
    except httpx.HTTPError as error:
        return [], f"the package index did not answer about withdrawn releases: {type(error).__name__}"
    if not found.get((CANARY.name, CANARY.version)):
        return [], "the package index does not say which releases were withdrawn"
    gone = {(pin.name, pin.version) for pin in pins} & set(found)
    lines = [f"{name} {version}: withdrawn, {found[name, version]}" for name, version in sorted(gone)]
    return lines, f"asked the package index which of {len(pins)} pins were withdrawn"


async def _ask(names: set[str]) -> dict[tuple[str, str], str]:
    """The reason of each withdrawn release of these packages."""
    limits = httpx.Limits(max_connections=_AT_A_TIME)
    async with httpx.AsyncClient(headers={"accept": _FORM}, limits=limits, timeout=30) as client:
        answers = await asyncio.gather(*(client.get(f"{PyPI.simple_url}/{name}/") for name in sorted(names)))
    found: dict[tuple[str, str], str] = {}
    for answer in answers:
        answer.raise_for_status()
        for file in answer.json()["files"]:
            if reason := file.get("yanked"):
                found[_release(file["filename"])] = reason if isinstance(reason, str) else "without a reason"
    return found


def _release(filename: str) -> tuple[str, str]:
    if filename.endswith(".whl"):
        name, version, *_ = parse_wheel_filename(filename)
    else:
        try:
            name, version = parse_sdist_filename(filename)
        except ValueError:
            # An installer of long ago, such as an .egg; no lock pins one.
            return filename, ""
    return str(name), str(version)
