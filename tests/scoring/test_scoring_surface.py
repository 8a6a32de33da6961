"""What the library offers, and nothing else."""

import subprocess
import sys

import scoring


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
        "blocking_keys",
        "blocking_rules",
        "cluster",
        "pack",
        "prepare",
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
