"""The options that many commands share."""

from typing import Annotated

import typer

MOST = 100_000

Address = Annotated[
    str,
    typer.Option("--address", envvar="DEDUP_ADDRESS", metavar="HOST:PORT", help="Where the service answers."),
]
As = Annotated[
    str,
    typer.Option(
        "--as", envvar="DEDUP_PRINCIPAL", metavar="PRINCIPAL", help="Who you are, such as users/ann."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")]
Etag = Annotated[
    str,
    typer.Option("--etag", help="Act only on this plan; left out, on the one just read and shown."),
]
Proposal = Annotated[str, typer.Argument(metavar="PROPOSAL", help="mergeProposals/ID")]
Function = Annotated[
    str,
    typer.Option("--for", metavar="FUNCTION", help="Which of your functions you speak for, such as sales."),
]
Comment = Annotated[str, typer.Option("--comment", "-m", help="Why; kept with the vote.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="Show at most so many.")]

DEFAULT_ADDRESS = "127.0.0.1:50051"
