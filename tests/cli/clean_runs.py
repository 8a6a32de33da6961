"""`dedup clean` as the tests run it, and what it leaves in a folder."""

from pathlib import Path

from typer.testing import CliRunner, Result

from dedup_service.cli.main import app


def run(*arguments: str | Path, code: int = 0) -> Result:
    """`dedup clean` on a wide terminal; the model is left as it is, for speed."""
    result = CliRunner().invoke(
        app, ["clean", *map(str, arguments), "--no-train", "--memory", "256"], env={"COLUMNS": "250"}
    )
    assert result.exit_code == code, result.output
    return result


def listing(folder: Path) -> list[str]:
    """Everything in a folder, hidden or not."""
    return sorted(one.name for one in folder.iterdir())
