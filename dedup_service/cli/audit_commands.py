"""The commands of whoever audits: does the chain hold, and which heads were published."""

from pathlib import Path
from typing import Annotated

import typer

from dedup_service.cli.options import DEFAULT_ADDRESS, Address, As, Json

app = typer.Typer(no_args_is_help=True, help="Who did what: check the chain of hashes, and keep its heads.")


@app.command()
def verify(
    heads: Annotated[
        list[str] | None,
        typer.Option("--head", metavar="HASH@REVISION", help="A head that was published; may be repeated."),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "--heads",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="Published heads, anywhere in its lines: what `audit heads` printed, or a log.",
        ),
    ] = None,
    address: Address = DEFAULT_ADDRESS,
    principal: As = "",
    as_json: Json = False,
) -> None:
    """Check that nobody altered the audit; exit code 1 where somebody did, and since when."""
    from dedup_service.cli import auditing
    from dedup_service.cli.session import session

    known = auditing.read_heads(heads or [], file)
    with session(address, principal, as_json) as opened:
        auditing.verify(opened, known)


@app.command("heads")
def list_heads(address: Address = DEFAULT_ADDRESS, principal: As = "", as_json: Json = False) -> None:
    """List the heads that were published, the oldest first: keep them where nobody can alter them."""
    from dedup_service.cli import auditing
    from dedup_service.cli.session import session

    with session(address, principal, as_json) as opened:
        auditing.list_heads(opened)
