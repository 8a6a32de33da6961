"""Errors that a user can do something about, each as one clear sentence; all others stay tracebacks."""

import os
import sys
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup


class CommandError(Exception):
    """The command cannot go on; the text says why and what to do."""


def require_place(path: Path | None) -> None:
    """Refuse early, before long work, what could not be written afterwards; None is no file at all.

    Raises:
        CommandError: the folder of the file does not exist or takes no files, or the file is a folder.
    """
    if path is None:
        return
    if not path.parent.is_dir():
        raise CommandError(f"{path} cannot be written: there is no folder {path.parent}; make it first")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise CommandError(
            f"{path} cannot be written: {'it is a folder' if path.is_dir() else 'not allowed'}"
        )


def no_model_file(path: Path, error: Exception) -> str:
    """What is told of a file that holds no model, and why it holds none."""
    return f"{path} is no model file: {str(error).removeprefix('model file: ')}"


class SayingGroup(TyperGroup):
    """Commands whose expected errors are one line on stderr and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        # Whoever reads the output may have seen enough: that ends a command in silence.
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise
        except Exception as error:
            said = sentence_of(error)
            if said is None:
                raise
            sys.stderr.write(f"dedup: {said}\n")
            raise typer.Exit(1) from error


def sentence_of(error: Exception) -> str | None:
    """What to tell the user about an expected error; None for one that nobody expected."""
    if isinstance(error, CommandError):
        return str(error)
    # Imported only once something has failed: all of it together takes a third of a second.
    from dedup_service.client import ServiceError
    from dedup_service.company_files import CompanyFileError
    from dedup_service.domain.errors import DedupError
    from dedup_service.embedded import EmbeddedServerError
    from dedup_service.index import UnsuitableIndexServer
    from dedup_service.rpc.server import ListenError
    from dedup_service.rpc.tls import TlsError
    from dedup_service.settings import SettingsError
    from dedup_service.store.migrate import SchemaMismatch
    from dedup_service.store.server_checks import UnsuitableServer
    from dedup_service.telemetry.running import TelemetryError

    if isinstance(error, ServiceError):
        return service_sentence(error)
    if isinstance(error, SettingsError):
        return "; ".join(error.problems)
    expected = (
        *(CompanyFileError, EmbeddedServerError, UnsuitableServer, UnsuitableIndexServer, SchemaMismatch),
        *(ListenError, TlsError, TelemetryError),
        *(DedupError, OSError),
    )
    return str(error) if isinstance(error, expected) else None


_ADVICE = {
    "ETAG_MISMATCH": "`dedup show` shows what it is now",
    "UNAUTHENTICATED_PRINCIPAL": "say who you are with --as, such as --as users/ann, or prove it with "
    "DEDUP_TOKEN_FILE or DEDUP_TLS_CLIENT_CERTIFICATE",
    "TOKEN_EXPIRED": "put a new token into the file that DEDUP_TOKEN_FILE names",
    "PROVIDER_UNAVAILABLE": "run `dedup doctor` where the service runs",
    "REQUEST_ID_REUSED": "run the command again",
    "OVERLOADED": "wait a moment and run the command again",
    "INDEX_UNAVAILABLE": "run `dedup doctor` where the service runs",
    "STORE_UNAVAILABLE": "run `dedup doctor` where the service runs",
    "JOB_RUNNING": "`dedup jobs watch` shows how far it is, `dedup jobs cancel` ends it",
    "RESUME_TOKEN_EXPIRED": "leave out --after to begin with the oldest change that is kept",
    "VETOED": "`dedup show` says who lifts it by approving; where nobody does, change or reject the proposal",
}


def service_sentence(error: Any) -> str:
    """A `ServiceError` in one line, with every violation and what to do."""
    said = str(error.message)
    more = [
        f"{each.subject}: {each.description}" for each in error.violations if each.description not in said
    ]
    text = "; ".join([said, *more])
    advice = _ADVICE.get(error.reason, "")
    if error.reason == "UNAUTHENTICATED_PRINCIPAL" and os.environ.get("DEDUP_TOKEN_FILE"):
        advice = (
            "the token in the file of DEDUP_TOKEN_FILE says who calls: put one for this service there, and "
            "leave --as out"
        )
    if error.code.name == "DEADLINE_EXCEEDED":
        advice = "the service took too long to answer; run `dedup doctor` where it runs"
    return f"{text}. {advice[0].upper()}{advice[1:]}." if advice else text
