"""recordlinkage's ECM classifier, as its guides set it up: several blocking passes, binary comparisons with
Jaro-Winkler at 0.85, expectation conditional maximisation without labels.

    python recordlinkage_peer.py FOLDER ENTITY
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import recordlinkage
from exchange import Task, read_task, write_found

ALIKE = 0.85
# A pass that makes more pairs than this a record is left out.
MOST_PAIRS_PER_RECORD = 60.0
# Features of so many pairs at a time: they are floats until they are fitted.
CHUNK_PAIRS = 2_000_000

NAMES = ("given_name", "family_name", "middle_name", "maiden_name", "company_name", "street")
EXACT = (
    "birth_date",
    "email",
    "phone",
    "mobile_phone",
    "tax_id",
    "national_id",
    "registration_number",
    "website",
    "postal_code",
    "city",
    "region",
    "birth_place",
    "gender",
    "job_title",
    "industry",
)
# A field, or a field with the number of its first letters; several together are one pass.
PASSES: tuple[tuple[str, ...], ...] = (
    ("email",),
    ("phone",),
    ("mobile_phone",),
    ("tax_id",),
    ("national_id",),
    ("registration_number",),
    ("website",),
    ("birth_date",),
    ("postal_code",),
    ("street",),
    ("given_name",),
    ("family_name",),
    ("full_name",),
    ("company_name",),
    ("given_name", "birth_date"),
    ("family_name", "birth_date"),
    ("given_name:3", "family_name:4"),
    ("given_name", "postal_code"),
    ("family_name", "postal_code"),
    ("given_name", "city"),
    ("family_name", "city"),
    ("company_name:6",),
    ("company_name:4", "city"),
    ("company_name:4", "postal_code"),
    ("birth_date", "birth_place"),
)


def main() -> None:
    """Index, compare, fit, and write the log odds of every pair."""
    task = read_task()
    records = task.records.set_index("record_id", drop=False)
    pairs = _candidates(records)
    asked = task.pairs
    features = _features(records, pairs, task)
    classifier = recordlinkage.ECMClassifier(init="jaro", max_iter=100)
    if asked is None:
        classifier.fit(features)
        write_found(
            task,
            pairs.get_level_values(0).to_numpy(),
            pairs.get_level_values(1).to_numpy(),
            _log_odds(classifier, features),
            threshold=0.0,
        )
        return
    wanted = pd.MultiIndex.from_arrays(asked.T)
    wanted_features = _features(records, wanted, task)
    classifier.fit(pd.concat([features, wanted_features]))
    write_found(task, asked[:, 0], asked[:, 1], _log_odds(classifier, wanted_features), threshold=0.0)


def _candidates(records: pd.DataFrame) -> pd.MultiIndex:
    """The union of all passes, each pair once."""
    width = len(records)
    found = [np.zeros(0, np.int64)]
    for one in PASSES:
        keys = _keys(records, one)
        if keys is None:
            continue
        sizes = keys.groupby(keys).size()
        if float((sizes * (sizes - 1) / 2).sum()) > MOST_PAIRS_PER_RECORD * width:
            continue
        index = recordlinkage.index.Block("key").index(pd.DataFrame({"key": keys}))
        first = index.get_level_values(0).to_numpy(np.int64)
        second = index.get_level_values(1).to_numpy(np.int64)
        found.append(np.minimum(first, second) * width + np.maximum(first, second))
    codes = np.unique(np.concatenate(found))
    return pd.MultiIndex.from_arrays([codes // width, codes % width])


def _keys(records: pd.DataFrame, parts: Sequence[str]) -> "pd.Series[str] | None":
    """The key of each record that has all parts of it."""
    keys: pd.Series[str] | None = None
    for part in parts:
        field, _, length = part.partition(":")
        if field not in records.columns:
            return None
        values = records[field].dropna().astype(str)
        values = values.str[: int(length)] if length else values
        keys = values if keys is None else (keys + "|" + values).dropna()
    return keys if keys is not None and len(keys) else None


def _features(records: pd.DataFrame, pairs: pd.MultiIndex, task: Task) -> pd.DataFrame:
    compare = recordlinkage.Compare()
    for field in NAMES:
        if task.has(field):
            compare.string(field, field, method="jarowinkler", threshold=ALIKE, label=field)
    for field in EXACT:
        if task.has(field):
            compare.exact(field, field, label=field)
    if not task.has("given_name") and len(compare.features) <= 1:
        # One name and nothing else: three measures of it, or there is nothing to be conditional on.
        name = "company_name" if task.has("company_name") else "full_name"
        for method in ("jarowinkler", "damerau_levenshtein", "qgram"):
            compare.string(name, name, method=method, threshold=ALIKE, label=method)
    chunks = [
        compare.compute(pairs[at : at + CHUNK_PAIRS], records).astype(np.int8)
        for at in range(0, len(pairs), CHUNK_PAIRS)
    ]
    together = pd.concat(chunks)
    # A comparison that comes out the same for every pair says nothing, and ECM refuses it.
    return together.loc[:, together.nunique() > 1]


def _log_odds(classifier: recordlinkage.ECMClassifier, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    logs = classifier.kernel.predict_log_proba(features.to_numpy())
    scores: npt.NDArray[np.float64] = logs[:, 1] - logs[:, 0]
    return scores


if __name__ == "__main__":
    main()
