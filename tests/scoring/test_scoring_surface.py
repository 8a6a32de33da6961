"""What the library offers, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import scoring
from scoring import Entity
from scoring.comparators import comparators


def test_public_names() -> None:
    """The public surface is exactly this."""
    assert sorted(scoring.__all__) == [
        "BlockingRule",
        "Cluster",
        "ClusterError",
        "Comparable",
        "ComparableError",
        "Contribution",
        "Entity",
        "Link",
        "MemberValues",
        "ModelError",
        "PairScore",
        "Rule",
        "ScoringError",
        "ScoringModel",
        "SurvivingValue",
        "SurvivorshipError",
        "TrainingError",
        "Verdict",
        "blocking_fingerprint",
        "blocking_keys",
        "blocking_rules",
        "cluster",
        "most_members",
        "pack",
        "preparation_fingerprint",
        "prepare",
        "score_likely",
        "score_many",
        "score_pair",
        "shipped_model",
        "survive",
        "unpack",
    ]


def test_every_public_name_is_there() -> None:
    """Whatever is promised can be imported and says what it is."""
    assert all(getattr(scoring, name).__doc__ for name in scoring.__all__)


def test_errors_form_one_tree() -> None:
    """Each error is a ScoringError with a reason of its own."""
    errors = [getattr(scoring, name) for name in scoring.__all__ if name.endswith("Error")]
    assert all(issubclass(error, scoring.ScoringError) for error in errors)
    assert len({error.reason for error in errors}) == len(errors)


def test_library_stands_alone() -> None:
    """Importing scoring loads nothing of the service, of gRPC, Redis or PostgreSQL."""
    code = (
        "import sys, scoring; scoring.shipped_model();"
        "print([m for m in sys.modules if m.split('.')[0] in ('dedup_service', 'grpc', 'redis', 'psycopg')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_document_names_every_comparison_and_level() -> None:
    """docs/scoring.md has, for people and for companies, each comparison with its levels in their order."""
    text = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text("utf-8")
    for heading, entity in (("**People**", Entity.PERSON), ("**Companies**", Entity.COMPANY)):
        part = text.split(heading)[1].split("\n\n")[1]
        rows = [tuple(cell.strip() for cell in row.split("|")[1:3]) for row in part.splitlines()[2:]]
        assert rows == [(one.name, ", ".join(one.levels)) for one in comparators(entity)]


def test_the_documents_examples_are_what_python_prints() -> None:
    """Each command in docs/scoring.md prints what stands below it."""
    text = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text("utf-8")
    found = re.findall(r'    \$ python -c "(.+)"\n    (.+)\n', text)
    assert len(found) == 3
    for code, printed in found:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == printed
