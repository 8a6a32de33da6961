"""The entry point: every command with its options; what they do is imported when they run."""

import typer

from dedup_service.cli import desk_commands, operator_commands
from dedup_service.cli.problems import SayingGroup

app = typer.Typer(
    name="dedup",
    cls=SayingGroup,
    help="A merge desk for CRM data: find duplicates, explain them, decide, merge and undo.",
    no_args_is_help=True,
    add_completion=False,
    # An unexpected error shows a plain traceback: rich's would print values of records.
    pretty_exceptions_enable=False,
)

RUN = "Run the service"
LOOK = "Look"
DECIDE = "Decide"

app.command("serve", rich_help_panel=RUN)(operator_commands.serve)
app.command("doctor", rich_help_panel=RUN)(operator_commands.doctor)
app.command("rebuild-index", rich_help_panel=RUN)(operator_commands.rebuild_index)
app.command("import", rich_help_panel=RUN)(operator_commands.import_file)
app.command("match", rich_help_panel=LOOK)(desk_commands.match)
app.command("score", rich_help_panel=LOOK)(desk_commands.score)
app.command("explain", rich_help_panel=LOOK)(desk_commands.explain)
app.command("proposals", rich_help_panel=LOOK)(desk_commands.proposals)
app.command("show", rich_help_panel=LOOK)(desk_commands.show)
app.command("changes", rich_help_panel=LOOK)(desk_commands.changes)
app.command("verify-audit", rich_help_panel=LOOK)(desk_commands.verify_audit)
app.command("propose", rich_help_panel=DECIDE)(desk_commands.propose)
app.command("approve", rich_help_panel=DECIDE)(desk_commands.approve)
app.command("reject", rich_help_panel=DECIDE)(desk_commands.reject)
app.command("execute", rich_help_panel=DECIDE)(desk_commands.execute)
app.command("undo", rich_help_panel=DECIDE)(desk_commands.undo)
