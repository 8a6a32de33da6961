"""dedupe: its Gazetteer, taught by the truth about queries that are not asked.

It asks for labels of the pairs that it is least sure of, as its own examples have a person give them.
"""

import random
from collections.abc import Callable
from typing import Any

import dedupe
import numpy as np
from dedupe.variables import String

from benchmarks.match.peers.exchange import Question, Row, answer, rows_of

FIELDS = (
    "given_name",
    "family_name",
    "email",
    "phone",
    "mobile_phone",
    "street",
    "city",
    "postal_code",
    "birth_date",
)
LABELS = 200
TAUGHT_RESIDENTS = 5_000
THRESHOLD = 0.5
MOST_MATCHES = 10
SEED = 1


def prepare(question: Question) -> Callable[[Row], list[int]]:
    """Teach it on some of the residents, then index them all."""
    # Its training draws pairs from the global generators.
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 -- see above
    residents = {int(row["record_id"]): _fields(row) for row in rows_of(question.residents)}
    clusters = np.load(question.task.folder / "clusters.npy")
    taught = {row["record_id"]: _fields(row) for row in question.unasked}
    partners = set(clusters[list(taught)].tolist())
    some = [number for number in residents if clusters[number] in partners][:TAUGHT_RESIDENTS]
    gazetteer = dedupe.Gazetteer([String(name, has_missing=True) for name in FIELDS], num_cores=0)
    gazetteer.prepare_training(
        {number: one | {"cluster": clusters[number]} for number, one in taught.items()},
        {number: residents[number] | {"cluster": clusters[number]} for number in some},
    )
    for _ in range(LABELS):
        [pair] = gazetteer.uncertain_pairs()
        same = pair[0]["cluster"] == pair[1]["cluster"]
        gazetteer.mark_pairs({"match": [pair] if same else [], "distinct": [] if same else [pair]})
    gazetteer.train(index_predicates=False)
    gazetteer.cleanup_training()
    gazetteer.index(residents)

    def find(query: Row) -> list[int]:
        [(_, found)] = gazetteer.search(
            {int(query["record_id"]): _fields(query)}, threshold=THRESHOLD, n_matches=MOST_MATCHES
        )
        return [int(number) for number, _ in found]

    return find


def _fields(row: Row) -> dict[str, Any]:
    return {name: row.get(name) for name in FIELDS}


if __name__ == "__main__":
    answer(prepare)
