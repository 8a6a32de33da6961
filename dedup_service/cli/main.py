"""The entry point: every command with its options; what they do is imported when they run."""

import typer

from dedup_service.cli import (
    audit_commands,
    clean,
    desk_commands,
    evaluate,
    intake_commands,
    job_commands,
    lead_commands,
    operator_commands,
    policy_commands,
    privacy_commands,
    profile_commands,
    territory_commands,
    train,
    vote_commands,
)
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

DECIDE = "Decide"
PROPOSE = "Propose and carry out"
INSERT = "Before anybody is inserted"
CLEAN = "Clean up"
LOOK = "Look"
RULES = "Rules and roles"
RUN = "Run the service"

app.command("inbox", rich_help_panel=DECIDE)(vote_commands.inbox)
app.command("show", rich_help_panel=DECIDE)(desk_commands.show)
app.command("approve", rich_help_panel=DECIDE)(vote_commands.approve)
app.command("reject", rich_help_panel=DECIDE)(vote_commands.reject)
app.command("decide", rich_help_panel=DECIDE)(vote_commands.decide)
app.command("propose", rich_help_panel=PROPOSE)(desk_commands.propose)
app.command("change", rich_help_panel=PROPOSE)(vote_commands.change)
app.command("withdraw", rich_help_panel=PROPOSE)(vote_commands.withdraw)
app.command("execute", rich_help_panel=PROPOSE)(desk_commands.execute)
app.command("undo", rich_help_panel=PROPOSE)(desk_commands.undo)
app.command("confirm", rich_help_panel=PROPOSE)(desk_commands.confirm)
app.command("route", rich_help_panel=INSERT)(intake_commands.route)
app.command("validate", rich_help_panel=INSERT)(intake_commands.validate)
app.command("convert", rich_help_panel=INSERT)(intake_commands.convert)
app.command("intakes", rich_help_panel=INSERT)(intake_commands.list_intakes)
app.command("clean", rich_help_panel=CLEAN)(clean.clean)
app.add_typer(job_commands.app, name="jobs", rich_help_panel=CLEAN)
app.command("match", rich_help_panel=LOOK)(desk_commands.match)
app.command("score", rich_help_panel=LOOK)(desk_commands.score)
app.command("explain", rich_help_panel=LOOK)(desk_commands.explain)
app.command("evaluate", rich_help_panel=LOOK)(evaluate.evaluate)
app.command("proposals", rich_help_panel=LOOK)(desk_commands.proposals)
app.command("accounts", rich_help_panel=LOOK)(desk_commands.accounts)
app.add_typer(lead_commands.app, name="leads", rich_help_panel=LOOK)
app.command("changes", rich_help_panel=LOOK)(desk_commands.changes)
app.command("verify-audit", rich_help_panel=LOOK)(desk_commands.verify_audit)
app.add_typer(audit_commands.app, name="audit", rich_help_panel=LOOK)
app.add_typer(privacy_commands.app, name="privacy", rich_help_panel=RULES)
app.command("delegate", rich_help_panel=RULES)(vote_commands.delegate)
app.command("delegations", rich_help_panel=RULES)(vote_commands.delegations)
app.add_typer(policy_commands.app, name="policy", rich_help_panel=RULES)
app.add_typer(territory_commands.app, name="territories", rich_help_panel=RULES)
app.command("serve", rich_help_panel=RUN)(operator_commands.serve)
app.command("console", rich_help_panel=RUN)(operator_commands.console)
app.command("doctor", rich_help_panel=RUN)(operator_commands.doctor)
app.command("rebuild-index", rich_help_panel=RUN)(operator_commands.rebuild_index)
app.command("hot-keys", rich_help_panel=RUN)(operator_commands.hot_keys)
app.command("train", rich_help_panel=RUN)(train.train)
app.add_typer(train.models_app, name="models", rich_help_panel=RUN)
app.command("import", rich_help_panel=RUN)(operator_commands.import_files)
app.command("migrate", rich_help_panel=RUN)(profile_commands.migrate)
app.add_typer(profile_commands.app, name="profiles", rich_help_panel=RUN)
