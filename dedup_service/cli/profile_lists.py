"""`profiles` and `profiles show`: what is recognised, and what becomes of it."""

import typer

from dedup_service.cli.output import Output
from dedup_service.source_profiles import (
    ProfileObject,
    SourceProfile,
    UnknownProfile,
    profile_named,
    shipped_profiles,
)
from dedup_service.source_profiles.tables import left_out_rows, rule_rows


def profiles(as_json: bool) -> None:
    """List the shipped profiles."""
    out = Output(as_json)
    rows = []
    for profile in shipped_profiles():
        for rules in profile.objects.values():
            columns = [str(each) for each in rules.recognition.columns]
            if as_json:
                out.json(
                    {
                        "profile": profile.name,
                        "source": profile.source,
                        "object": rules.name,
                        "kinds": kinds_of(rules),
                        "columns": columns,
                    }
                )
            first = next(iter(profile.objects)) == rules.name
            rows.append(
                (profile.name if first else "", rules.name, ", ".join(kinds_of(rules)), "; ".join(columns))
            )
    if not as_json:
        out.table(("profile", "object", "becomes", "known by the columns"), rows)
        out.line()
        out.line(
            "dedup profiles show NAME says what becomes of each column; docs/sources.md says more", "dim"
        )


def show(word: str, as_json: bool) -> None:
    """Print the maps of one profile.

    Raises:
        typer.BadParameter: there is no such profile.
        CompanyFileError: the file is none, with everything that is wrong in it.
    """
    try:
        profile = profile_named(word)
    except UnknownProfile as error:
        raise typer.BadParameter(str(error), param_hint="NAME|FILE") from None
    out = Output(as_json)
    if as_json:
        for rules in profile.objects.values():
            out.json(_as_json(profile, rules))
        return
    out.line(f"{profile.title}: {profile.about}", "bold")
    out.line(f"source {profile.source}, unless --source says another")
    for rules in profile.objects.values():
        out.heading(f"{rules.name}: {', '.join(kinds_of(rules))}")
        out.text(rules.export)
        out.table(("becomes", "from", "how"), rule_rows(rules), heading="read")
        out.table(("column", "why"), left_out_rows(rules), heading="left out")


def kinds_of(rules: ProfileObject) -> list[str]:
    """The kinds of record that a file becomes, each once."""
    return list(dict.fromkeys(kind.words for kind in rules.kinds))


def _as_json(profile: SourceProfile, rules: ProfileObject) -> dict[str, object]:
    return {
        "profile": profile.name,
        "object": rules.name,
        "kinds": kinds_of(rules),
        "export": rules.export,
        "recognised_by": [str(each) for each in rules.recognition.columns],
        "read": [
            {"becomes": target, "from": columns, "how": how} for target, columns, how in rule_rows(rules)
        ],
        "left_out": [{"column": column, "why": why} for column, why in left_out_rows(rules)],
    }
