"""The path of the principals file that ships: where callers prove who they are, a file has to be named."""

from pathlib import Path

from dedup_service import company_files

PRINCIPALS = Path(company_files.__file__).parents[1] / "defaults" / "principals.yaml"
