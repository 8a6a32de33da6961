"""The profiles that are shipped, and where a named one comes from."""

import difflib
from functools import cache
from importlib import resources
from pathlib import Path

from dedup_service.source_profiles.profile import SourceProfile
from dedup_service.source_profiles.profile_file import load_profile_file, parse_profile

_FOLDER = resources.files("dedup_service.source_profiles") / "profiles"


class UnknownProfile(ValueError):
    """No shipped profile has this name, and no file either."""


@cache
def shipped_profiles() -> tuple[SourceProfile, ...]:
    """All of them, by name."""
    files = sorted((each for each in _FOLDER.iterdir() if each.name.endswith(".yaml")), key=lambda f: f.name)
    return tuple(parse_profile(file.read_text("utf-8"), f"the shipped {file.name}") for file in files)


def profile_named(word: str) -> SourceProfile:
    """The shipped profile of this name, or the one of the file at this path.

    Raises:
        UnknownProfile: there is neither.
        CompanyFileError: the file is no profile, with everything that is wrong in it.
    """
    by_name = {profile.name: profile for profile in shipped_profiles()}
    if word in by_name:
        return by_name[word]
    if Path(word).is_file():
        return load_profile_file(Path(word))
    near = difflib.get_close_matches(word, by_name, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise UnknownProfile(f"{word} is no profile and no file{meant}; profiles are {', '.join(by_name)}")
