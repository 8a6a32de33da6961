"""What makes resolution fast changes none of its results."""

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from scoring import Entity, shipped_model
from scoring.resolution import resolve
from scoring.resolution.outcomes import Outcomes
from scoring.resolution.processes import LEAST_PAIRS, in_parts
from scoring.resolution.sampling import random_pairs
from tests.scoring.scored_records import generated

COUNT = 2_000
# Enough pairs for two parts, the last one short.
PAIRS = 2 * LEAST_PAIRS - 1_001
forks = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux")


def pid_of_part(_start: int, _end: int) -> int:
    """The process in which a part is worked on."""
    return os.getpid()


def in_a_process_of_its_own(code: str) -> "subprocess.CompletedProcess[str]":
    """Run code that has the names of this module, where no thread of another test is about."""
    program = f"from tests.scoring.test_resolution_speedups import *\n{code}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def fail(start: int, _end: int) -> None:
    """Fails in the second part."""
    if start:
        raise ValueError(start)


@forks
def test_parts_are_worked_on_by_other_processes() -> None:
    """With two processes the parts are in order, cover all pairs, and none is worked on in this process."""
    done = in_a_process_of_its_own("print([os.getpid(), *in_parts(pid_of_part, PAIRS, 2)])")
    own, *parts = ast.literal_eval(done.stdout)
    assert [(start, end) for start, end, _ in parts] == [(0, LEAST_PAIRS), (LEAST_PAIRS, PAIRS)]
    assert own not in {pid for _, _, pid in parts}


def test_beside_other_threads_nothing_is_forked() -> None:
    """A process that has threads works on all parts itself, for a fork could inherit a shut lock."""
    with ThreadPoolExecutor(1) as pool:
        parts = pool.submit(lambda: list(in_parts(pid_of_part, PAIRS, 2))).result()
    assert {pid for _, _, pid in parts} == {os.getpid()}


def test_few_pairs_are_worked_on_at_once() -> None:
    """Pairs that take less time than a worker takes to start are one part, in this process."""
    assert list(in_parts(pid_of_part, LEAST_PAIRS, 2)) == [(0, LEAST_PAIRS, os.getpid())]


@forks
def test_error_in_a_worker_is_raised_here() -> None:
    """What goes wrong in a worker is not lost."""
    done = in_a_process_of_its_own("list(in_parts(fail, PAIRS, 2))")
    assert f"ValueError: {LEAST_PAIRS}" in done.stderr.splitlines()


@pytest.mark.parametrize("entity", list(Entity))
def test_outcomes_do_not_depend_on_processes(entity: Entity) -> None:
    """Two processes find the outcomes that one finds, with each pair."""
    records = generated(entity, COUNT, 5).comparables
    left, right = random_pairs(len(records), 5, PAIRS)
    outcomes, pooled = (Outcomes(records, shipped_model().of(entity)) for _ in range(2))
    codes, pooled_codes = outcomes.compare(left, right), pooled.compare(left, right, processes=2)
    for at in range(codes.shape[1]):
        found = [outcomes.seen[at][code] for code in codes[:, at]]
        assert found == [pooled.seen[at][code] for code in pooled_codes[:, at]]


@pytest.mark.proof
def test_resolution_does_not_depend_on_processes() -> None:
    """Training, weights and clusters of people are the same in one process and in two."""
    records = generated(Entity.PERSON, COUNT, 5).comparables
    alone, pooled = (resolve(records, processes=processes) for processes in (1, 2))
    assert len(alone.left) > LEAST_PAIRS
    assert alone.model.people.parameters == pooled.model.people.parameters
    assert np.array_equal(alone.weights_bits, pooled.weights_bits)
    assert alone.clusters == pooled.clusters


def test_model_that_is_not_trained_stays_the_same_object() -> None:
    """Without training, the model is handed back, with its version and origin."""
    model = replace(shipped_model(), version="kept")
    records = generated(Entity.PERSON, COUNT, 5).comparables[:100]
    assert resolve(records, model=model, train=False).model is model
