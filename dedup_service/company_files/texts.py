"""The text of a company file: the operator's, or the one that is shipped."""

from importlib import resources
from pathlib import Path

from dedup_service.company_files.problems import CompanyFileError, Problem


def place_of(path: Path | None, shipped: str) -> str:
    """What to call the file in a problem."""
    return str(path) if path else f"the shipped {shipped}"


def file_text(path: Path | None, shipped: str, max_bytes: int) -> str:
    """The text of the file at `path`, or of the shipped one.

    Raises:
        CompanyFileError: it cannot be read, is no UTF-8, or is larger than a file of this sort may be.
    """
    source = path or resources.files("dedup_service.defaults") / shipped
    where = place_of(path, shipped)
    try:
        with source.open("rb") as file:
            content = file.read(max_bytes + 1)
    except OSError as error:
        raise _unreadable(where, 0, f"cannot be read: {error.strerror or error}") from error
    check_size(where, len(content), max_bytes)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(where, line, "is not UTF-8 text: save the file as UTF-8") from error


def check_size(where: str, size_bytes: int, max_bytes: int) -> None:
    """Refuse a text that is too large.

    Raises:
        CompanyFileError: it is.
    """
    if size_bytes > max_bytes:
        raise _unreadable(where, 0, f"is larger than {max_bytes // 1024} KiB, the most that it may have")


def _unreadable(where: str, line: int, message: str) -> CompanyFileError:
    return CompanyFileError(where, [Problem(line, "", message)])
