from pathlib import Path

import pytest

from tests.trust.report import Plan
from tests.trust.seeded_bugs.part import LEAST_BUGS, missed, run
from tests.trust.seeded_bugs.patches import SeededBug, apply, read_bugs
from tools.prove_guards import ROOT, copy_of_project

BUGS = read_bugs()


def test_there_are_as_many_as_promised() -> None:
    assert len(BUGS) >= LEAST_BUGS


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_every_patch_fits_and_names_tests_that_exist(bug: SeededBug) -> None:
    assert apply(bug, ROOT, only_checked=True) == ""
    for test in bug.tests:
        path, _, name = test.partition("::")
        text = (ROOT / path).read_text("utf-8")
        assert f"def {name}(" in text if name else "def test_" in text, test


def test_a_patch_without_its_head_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bare.patch").write_text("--- a/x\n+++ b/x\n")
    with pytest.raises(ValueError, match=r"bare\.patch"):
        read_bugs(tmp_path)


def test_a_bug_that_its_test_does_not_notice_is_told(tmp_path: Path) -> None:
    copy = copy_of_project(tmp_path)
    first = (copy / "dedup_service/domain/plan.py").read_text("utf-8").splitlines()[0]
    (tmp_path / "harmless.patch").write_text(
        "Bug: none\nInvariants: B-3\nCaught by: tests/domain/test_plan.py\n---\n"
        "--- a/dedup_service/domain/plan.py\n+++ b/dedup_service/domain/plan.py\n"
        f"@@ -1 +1,2 @@\n+# Changes nothing.\n {first}\n"
    )
    (bug,) = read_bugs(tmp_path)
    assert "no test failed" in missed(bug, copy)


@pytest.mark.proof
def test_a_share_of_them_is_caught(tmp_path: Path) -> None:
    (line,) = run(Plan(seed=3, share=0.05, directory=tmp_path))
    assert line.holds, line
    assert line.figures["put in"] == line.figures["caught"] == 2
