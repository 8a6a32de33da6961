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
from dedup_service.cli.proof import proof_of
from dedup_service.client.bearer import check_may_carry_token
from dedup_service.company_files import load_policy, load_principals
from dedup_service.console.options import ConsoleOptions, Person, ProviderOptions
from dedup_service.console.serving import ListenError, listening_socket, serve
from dedup_service.identity_settings import DEMO, TOKENS
from dedup_service.settings import Settings
from dedup_service.telemetry.logs import configure_logging


def run(address: str, listen: str, while_parent_lives: bool, as_json: bool) -> None:
    """Serve the console for the service at `address` until SIGTERM or SIGINT.

    Raises:
        CommandError: nothing can be served at that address, or nobody could sign in.
        CompanyFileError: the policy or the principals cannot be read.
    """
    settings = Settings.from_environment(
        {**os.environ, **({"DEDUP_CONSOLE_LISTEN": listen} if listen else {})}
    )
    configure_logging(max(settings.log_level, logging.WARNING), settings.log_format)
    # At INFO it tells who signed in and out; libraries tell each request.
    logging.getLogger("dedup_service.console").setLevel(settings.log_level)
    if while_parent_lives:
        # Before anything that takes time: a parent that is gone meanwhile must not leave a child behind.
        threading.Thread(target=_end_with_the_parent, daemon=True).start()
    out = Output(as_json)
    if not settings.console_listen:
        out.line("DEDUP_CONSOLE_LISTEN is none: there is nothing to serve")
        return
    proof = proof_of(os.environ)
    options = ConsoleOptions(
        address=address,
        credentials=proof.credentials,
        server_name=proof.server_name,
        secret=settings.console_secret or secrets.token_urlsafe(32),
        people=_people(settings),
        provider=provider_of(settings),
    )
    _check_tokens_can_be_sent(options)
    try:
        listening = listening_socket(settings.console_listen)
    except ListenError as error:
        raise CommandError(str(error)) from error
    host, port = settings.console_listen.rpartition(":")[0], listening.getsockname()[1]
    url = settings.console_url or f"http://{host}:{port}"

    def say_ready() -> None:
        if as_json:
            out.json({"ready": True, "url": url})
        else:
            out.line(f"the console is at {url}; Ctrl-C stops it", "bold green")

    asyncio.run(serve(options, listening, say_ready))


def _check_tokens_can_be_sent(options: ConsoleOptions) -> None:
    if options.provider is None:
        return
    try:
        check_may_carry_token(options.address, encrypted=options.credentials is not None)
    except ValueError as error:
        raise CommandError(str(error)) from error


def provider_of(settings: Settings) -> ProviderOptions | None:
    """Where people sign in; None for the demo sign-in.

    Raises:
        CommandError: the settings name a sign-in and do not say all of it.
    """
    if DEMO in settings.authentication:
        return None
    if TOKENS not in settings.authentication:
        raise CommandError(
            f"people sign in at the console with tokens: add {TOKENS} to DEDUP_AUTHENTICATION, or leave the "
            "console out with DEDUP_CONSOLE_LISTEN=none"
        )
    for name, value in (
        ("DEDUP_OIDC_CLIENT_ID", settings.oidc_client_id),
        ("DEDUP_CONSOLE_URL", settings.console_url),
    ):
        if not value:
            raise CommandError(
                f"{name} is not set: the sign-in of the console needs it; or leave the console out with "
                "DEDUP_CONSOLE_LISTEN=none"
            )
    secret_file = settings.oidc_client_secret_file
    return ProviderOptions(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret_file.read_text().strip() if secret_file is not None else "",
        scopes=settings.oidc_scopes,
        url=settings.console_url,
        authority=settings.oidc_ca,
    )


def _people(settings: Settings) -> tuple[Person, ...]:
    directory = load_principals(settings.principals, load_policy(settings.policy))
    return tuple(
        Person(one.name, one.display_name or one.name, tuple(sorted(one.functions)))
        for one in directory.principals.values()
        if one.human
    )


def _end_with_the_parent() -> None:
    # Not by `sys.stdin`: its lock, held by this thread, would break the end of a process that did not start.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
