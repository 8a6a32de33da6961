"""`console`: the steward's console in a process of its own, as a client of a service."""

import asyncio
import logging
import os
import secrets
import signal
import sys
import threading

from dedup_service.cli.output import Output
from dedup_service.cli.problems import CommandError
from dedup_service.company_files import load_policy, load_principals
from dedup_service.console.options import ConsoleOptions, Person
from dedup_service.console.serving import ListenError, listening_socket, serve
from dedup_service.settings import Settings

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def run(address: str, listen: str, while_parent_lives: bool, as_json: bool) -> None:
    """Serve the console for the service at `address` until SIGTERM or SIGINT.

    Raises:
        CommandError: nothing can be served at that address.
        CompanyFileError: the policy or the principals cannot be read.
    """
    settings = Settings.from_environment(
        {**os.environ, **({"DEDUP_CONSOLE_LISTEN": listen} if listen else {})}
    )
    logging.basicConfig(level=max(settings.log_level, logging.WARNING), format=LOG_FORMAT, stream=sys.stderr)
    if while_parent_lives:
        # Before anything that takes time: a parent that is gone meanwhile must not leave a child behind.
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    out = Output(as_json)
    if not settings.console_listen:
        out.line("DEDUP_CONSOLE_LISTEN is none: there is nothing to serve")
        return
    try:
        listening = listening_socket(settings.console_listen)
    except ListenError as error:
        raise CommandError(str(error)) from error
    host, port = settings.console_listen.rpartition(":")[0], listening.getsockname()[1]
    url = f"http://{host}:{port}"

    def say_ready() -> None:
        if as_json:
            out.json({"ready": True, "url": url})
        else:
            out.line(f"the console is at {url}; Ctrl-C stops it", "bold green")

    options = ConsoleOptions(address, settings.console_secret or secrets.token_urlsafe(32), _people(settings))
    asyncio.run(serve(options, listening, say_ready))


def _people(settings: Settings) -> tuple[Person, ...]:
    directory = load_principals(settings.principals, load_policy(settings.policy))
    return tuple(
        Person(one.name, one.display_name or one.name, tuple(sorted(one.functions)))
        for one in directory.principals.values()
        if one.human
    )


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
