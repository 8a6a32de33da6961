"""`policy check`, and the file that the other policy commands take."""

from dataclasses import dataclass
from pathlib import Path

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.cli.words import plural, shown
from dedup_service.company_files import CompanyFileError, parse_policy, policy_text
from dedup_service.domain.policy import Policy


@dataclass(frozen=True, slots=True)
class Edit:
    """A policy file: where it is, its text, and what it says."""

    file: Path
    text: str
    policy: Policy


def read(file: Path) -> Edit:
    """A policy file that can be used.

    Raises:
        CompanyFileError: with everything that is wrong in it.
    """
    text = policy_text(file)
    return Edit(file, text, parse_policy(text, str(file)))


def check(file: Path, as_json: bool) -> None:
    """Say everything that is wrong in a file.

    Raises:
        CommandError: something is.
    """
    out = Output(as_json)
    try:
        edit = read(file)
    except CompanyFileError as error:
        for problem in error.problems:
            if as_json:
                out.json(
                    {
                        "file": str(file),
                        "line": problem.line,
                        "path": problem.path,
                        "message": problem.message,
                    }
                )
            else:
                out.line(shown(problem.at(str(file))))
        raise CommandError(f"{plural(len(error.problems), 'problem')} in {file}") from error
    if not as_json:
        out.line(f"{file}: nothing is wrong; version {edit.policy.version}", "green")
