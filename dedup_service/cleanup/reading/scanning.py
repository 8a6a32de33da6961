"""The bytes of a file, before rows are made of them: encoding, NUL bytes, lines and a digest, in one pass."""

import codecs
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dedup_service.cleanup.errors import InputError

OLD_WINDOWS = "cp1252"
"""What a file is taken for that is no UTF-8 and does not say what it is."""
LARGEST_CELL = 1_000_000
"""The letters of the longest cell that a file may hold."""
_BLOCK_BYTES = 1 << 20
_UTF8 = ("utf-8", "utf-8-sig")
_BYTE_PER_LETTER = (*_UTF8, OLD_WINDOWS)
_SAVE_IT = "save the file as UTF-8, or name its encoding with --encoding"


@dataclass(frozen=True, slots=True)
class Scan:
    """The encoding of a whole file, how many lines it has, its digest, and whether each quote has another."""

    encoding: str
    line_count: int
    sha256: str
    has_odd_quotes: bool = False


def scan_file(path: Path, encoding: str, *, is_given: bool) -> Scan:
    """Read the bytes of a file. A file of UTF-8 by its beginning may turn out to be Windows-1252, unless its
    encoding was given.

    Raises:
        InputError: A line holds a NUL byte, or bytes that are not of the encoding.
    """
    if encoding == OLD_WINDOWS and not is_given:
        # Its beginning is no UTF-8: a broken byte there, or another encoding, which all of the file tells.
        encoding = "utf-8"
    digest = hashlib.sha256()
    line_count = quote_count = 0
    decoder = codecs.getincrementaldecoder(encoding)()
    is_text = encoding in _BYTE_PER_LETTER
    is_decoded = True
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
            line_count += block.count(b"\n")
            quote_count += block.count(b'"')
            if is_text and b"\x00" in block:
                raise _on_line(path, lambda line: b"\x00" in line, not_text(), "remove it")
            if is_decoded:
                is_decoded = _decodes(decoder, block, path=path, is_text=is_text)
    if is_decoded:
        is_decoded = _decodes(decoder, b"", path=path, is_text=True, is_end=True)
    if not is_decoded:
        encoding = _settled(path, encoding, is_given=is_given)
    return Scan(encoding, line_count, digest.hexdigest(), quote_count % 2 == 1)


def not_text() -> str:
    """What is told of a line with a NUL byte."""
    return "holds a NUL byte, which no text has"


def _decodes(
    decoder: codecs.IncrementalDecoder, block: bytes, *, path: Path, is_text: bool, is_end: bool = False
) -> bool:
    try:
        text = decoder.decode(block, is_end)
    except UnicodeError:
        return False
    if not is_text and "\x00" in text:
        raise InputError(str(path), not_text(), "remove it")
    return True


def _settled(path: Path, encoding: str, *, is_given: bool) -> str:
    """The encoding of a file that is not what its beginning looks like.

    Raises:
        InputError: Most lines are of it and some are not, or the file is of no encoding that is tried.
    """
    if encoding not in _BYTE_PER_LETTER:
        raise InputError(str(path), f"holds bytes that are not {encoding}", _SAVE_IT)
    if is_given:
        raise _on_line(path, lambda line: not _is(line, encoding), _not_of(encoding), _SAVE_IT)
    good = bad = 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                good, bad = (good + 1, bad) if _is(line, "utf-8") else (good, bad + 1)
    if encoding == "utf-8-sig" or good > bad:
        raise _on_line(
            path, lambda line: not _is(line, "utf-8"), _not_of("UTF-8, as the others are"), _SAVE_IT
        )
    with path.open("rb") as file:
        if all(_is(line, OLD_WINDOWS) for line in file):
            return OLD_WINDOWS
    raise _on_line(
        path, lambda line: not _is(line, OLD_WINDOWS), _not_of("UTF-8 nor of Windows-1252"), _SAVE_IT
    )


def _not_of(encoding: str) -> str:
    return f"holds bytes that are not {encoding}"


def _is(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _on_line(path: Path, is_wrong: Callable[[bytes], bool], problem: str, advice: str) -> InputError:
    """The error of the first line of which that holds."""
    with path.open("rb") as file:
        number = next(number for number, line in enumerate(file, 1) if is_wrong(line))
    return InputError(f"{path}, line {number:,}", problem, advice)
