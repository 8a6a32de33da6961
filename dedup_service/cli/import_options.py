"""The options of `dedup import`."""

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE.csv...", exists=True, dir_okay=False, readable=True)
]
Kind = Annotated[str, typer.Option("--kind", help="LEAD, CONTACT or ACCOUNT.")]
Source = Annotated[str, typer.Option("--source", help="The source that the records are of, such as crm.")]
Profile = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME|FILE|auto",
        help="Read the exports of a system: kind, columns and facts are the profile's; "
        "`dedup profiles` lists them.",
    ),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=FIELD",
        help="Such as Cell=mobile_phone, road+number=street, or Notes= to leave it out.",
    ),
]
Delimiter = Annotated[
    str,
    typer.Option("--delimiter", help="Between the columns.", show_default=", or with --profile found"),
]
Encoding = Annotated[
    str, typer.Option("--encoding", help="Of the file.", show_default="utf-8, or with --profile found")
]
DateFormats = Annotated[
    list[str] | None,
    typer.Option(
        "--date-format", metavar="FORMAT", help="With --profile: also read times so, such as %d/%m/%Y."
    ),
]
TimeZone = Annotated[
    str, typer.Option("--time-zone", help="With --profile: whose clock times without zone are of.")
]
DecimalMark = Annotated[
    str, typer.Option("--decimal-mark", help="With --profile: what stands before a fraction, . or ,")
]
Route = Annotated[
    bool,
    typer.Option(
        "--route", help="Ask intake who each is: who is known is updated, never doubled, and assigned."
    ),
]
