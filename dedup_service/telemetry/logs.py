"""The log of a process: one line an event, with fixed fields and no personal value (F-3).

Two rules keep values out, whatever is logged and at whatever level. Of the libraries' messages the text that
stands in their code is shown and what they put into it is not; of an exception its types and the places that
it came through are, and its message is not. And a field that is not in `FIELDS` is refused: its name is told,
its content is not.
"""

import json
import logging
import sys
import traceback
import warnings
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

import structlog

FIELDS: dict[str, str] = {
    "time": "when, in UTC with milliseconds",
    "level": "DEBUG, INFO, WARNING, ERROR or CRITICAL",
    "logger": "the module that tells it",
    "process": "the number of the process",
    "event": "what happened, in words",
    "method": "the method of the API that was called",
    "code": "how the call ended: the name of a status code",
    "duration_ms": "how long the call took",
    "principal": "who called, by the name that the service knows them by",
    "peer": "where a call came from that was refused for who its caller is, or is not",
    "error": "the type of an exception, and of those that led to it",
    "frames": "the places in the code that the exception came through",
    "refused_fields": "names of fields that are not in this table: a mistake of whoever logs",
}
"""Every field of a line, and what it says."""

_OWN = ("dedup_service", "scoring")
WITHHELD = "(a message of a library, withheld)"
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = {number: f"\\x{number:02x}" for number in (*range(32), 127, *range(0x80, 0xA0)) if number != 10}

Event = MutableMapping[str, Any]


def configure_logging(level: int, log_format: str = "", stream: TextIO | None = None) -> None:
    """Log to `stream` (standard error) from `level` on, as ``json`` or ``text``.

    An empty format is text on a terminal and JSON elsewhere. Uncaught exceptions and warnings are logged.
    """
    stream = stream or sys.stderr
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter(log_format or ("text" if stream.isatty() else "json")))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # A message whose parts do not fit would be printed with them.
    logging.raiseExceptions = False
    warnings.showwarning = _show_warning
    sys.excepthook = _uncaught


def formatter(log_format: str) -> logging.Formatter:
    """Makes lines of log records, as ``json`` or ``text``."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[_told, _known_only, _json_line if log_format == "json" else _text_line],
        use_get_message=False,
        pass_foreign_args=True,
        keep_exc_info=True,
        keep_stack_info=False,
    )


def _told(_logger: object, _method: str, event: Event) -> Event:
    """The fields of a record; what a library put into its message stays out."""
    record: logging.LogRecord = event["_record"]
    told: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "process": record.process,
        "event": _words(record.name, record.msg, event.get("positional_args")),
    }
    if record.name.partition(".")[0] in _OWN:
        told |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
    if record.exc_info and record.exc_info[1] is not None:
        told |= _exception(record.exc_info[1])
    # The formatter would add the exception with its message.
    record.exc_info = record.exc_text = record.stack_info = None
    return told


def _words(logger: str, message: object, parts: Any) -> str:
    if logger.partition(".")[0] in _OWN:
        return str(message) % parts if parts else str(message)
    # Without parts nobody can tell whether they have been put in already.
    return message if parts and isinstance(message, str) else WITHHELD


def _known_only(_logger: object, _method: str, event: Event) -> Event:
    unknown = sorted(event.keys() - FIELDS.keys())
    for name in unknown:
        del event[name]
    if unknown:
        event["refused_fields"] = unknown
    return event


def _exception(error: BaseException) -> dict[str, object]:
    chain = list(_causes(error))
    return {
        "error": " caused by ".join(f"{type(each).__module__}.{type(each).__qualname__}" for each in chain),
        "frames": [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for each in chain
            for frame in traceback.extract_tb(each.__traceback__)
        ],
    }


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def _json_line(_logger: object, _method: str, event: Event) -> str:
    return json.dumps(event, ensure_ascii=False, default=str)


def _text_line(_logger: object, _method: str, event: Event) -> str:
    """As people read it; further lines of a text are indented, so that none passes for a line of the log."""
    head = f"{event.pop('time')} {event.pop('level')} {event.pop('logger')}: "
    event.pop("process", None)
    frames = event.pop("frames", [])
    said = str(event.pop("event")).translate(_CONTROL)
    rest = "".join(f" {name}={str(value).translate(_CONTROL)}" for name, value in event.items())
    return "\n    ".join([*(head + said + rest).split("\n"), *frames])


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001  the signature that Python calls
    line: str | None = None,  # noqa: ARG001  the same
) -> None:
    # Its text may quote what it warns of.
    logging.getLogger("py.warnings").warning("%s at %s:%s", category.__name__, filename, lineno)
    del message


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("dedup_service").critical("the process ends", exc_info=(kind, error, trace))


if __name__ == "__main__":
    rows = [f"| `{name}` | {meaning} |" for name, meaning in FIELDS.items()]
    sys.stdout.write("\n".join(["| field | meaning |", "|---|---|", *rows, ""]))
