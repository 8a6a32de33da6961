"""recordlinkage's ECM classifier, as its guides set it up: several blocking passes, binary comparisons with
Jaro-Winkler at 0.85, expectation conditional maximisation without labels.

    python -m benchmarks.accuracy.peers.recordlinkage_peer FOLDER ENTITY
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import recordlinkage

from benchmarks.accuracy.peers.exchange import Task, read_task, write_found

ALIKE = 0.85
# A pass that makes more pairs than this a record is left out: among too many pairs that are none, the two
# classes that ECM finds are no longer matches and others.
MOST_PAIRS_PER_RECORD = 2.0
# Unless so few pairs are left that there is nothing to learn from: then the bound is doubled.
LEAST_PAIRS_PER_RECORD = 0.5
LOOSEST_PAIRS_PER_RECORD = 64.0
# Features of so many pairs at a time: they are floats until they are fitted.
CHUNK_PAIRS = 2_000_000

NAMES = ("given_name", "family_name")
# "Compare only discriminating variables": what a household or an employer shares is compared where a person
# has no telephone and no e-mail of their own.
SHARED_ALIKE = ("maiden_name", "street")
SHARED_EXACT = ("city", "region", "birth_place", "gender", "job_title")
CONTACT = ("email", "phone")
EXACT = ("birth_date", "email", "phone", "mobile_phone", "tax_id", "national_id", "postal_code")
COMPANY_ALIKE = ("company_name", "street")
COMPANY_EXACT = (
    "email",
    "phone",
    "tax_id",
    "registration_number",
    "website",
    "postal_code",
    "city",
    "region",
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
    pairs = _candidates(records, task.entity)
    if task.pairs is not None:
        # Fitted on all candidates, then asked for the pairs wanted, which come last.
        wanted = pd.MultiIndex.from_arrays(list(task.pairs.T))
        pairs = pairs.difference(wanted).append(wanted)
    features = _features(records, pairs, task)
    classifier = recordlinkage.ECMClassifier(init="jaro", max_iter=100)
    classifier.fit(features)
    kept = slice(-len(task.pairs) if task.pairs is not None else None, None)
    write_found(
        task,
        pairs.get_level_values(0).to_numpy()[kept],
        pairs.get_level_values(1).to_numpy()[kept],
        _log_odds(classifier, features)[kept],
        threshold=0.0,
    )


def _candidates(records: pd.DataFrame, entity: str) -> pd.MultiIndex:
    """The union of the passes that make few enough pairs."""
    bound = MOST_PAIRS_PER_RECORD
    found = _within(records, entity, bound)
    while len(found) < LEAST_PAIRS_PER_RECORD * len(records) and bound < LOOSEST_PAIRS_PER_RECORD:
        bound *= 2
        found = _within(records, entity, bound)
    return found


def _within(records: pd.DataFrame, entity: str, most_pairs_per_record: float) -> pd.MultiIndex:
    """The union of all passes within a bound, each pair once."""
    width = len(records)
    found = [np.zeros(0, np.int64)]
    for one in PASSES:
        if entity == "PERSON" and one[0].startswith("company_name"):
            continue
        keys = _keys(records, one)
        if keys is None:
            continue
        sizes = keys.groupby(keys).size()
        if float((sizes * (sizes - 1) / 2).sum()) > most_pairs_per_record * width:
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
    alike: tuple[str, ...] = NAMES
    exact: tuple[str, ...] = EXACT
    if task.entity == "COMPANY":
        alike, exact = COMPANY_ALIKE, COMPANY_EXACT
    elif not any(task.has(field) for field in CONTACT):
        alike, exact = alike + SHARED_ALIKE, exact + SHARED_EXACT
    alike = tuple(field for field in alike if task.has(field))
    exact = tuple(field for field in exact if task.has(field))
    compare = recordlinkage.Compare()
    if len(alike) + len(exact) <= 1:
        # One name and nothing else: three measures of it, or there is nothing to tell two classes by.
        name = "company_name" if task.entity == "COMPANY" else "full_name"
        for method in ("jarowinkler", "damerau_levenshtein", "qgram"):
            compare.string(name, name, method=method, threshold=ALIKE, label=method)
    # Companies twice, a missing value once for and once against: few of them have most fields.
    for missing in (0, 1) if task.entity == "COMPANY" else (0,):
        for field in alike:
            compare.string(
                field,
                field,
                method="jarowinkler",
                threshold=ALIKE,
                missing_value=missing,
                label=f"{field} {missing}",
            )
        for field in exact:
            compare.exact(field, field, missing_value=missing, label=f"{field} {missing}")
    together: pd.DataFrame = pd.concat(
        compare.compute(pairs[at : at + CHUNK_PAIRS], records).astype(np.int8)
        for at in range(0, len(pairs), CHUNK_PAIRS)
    )
    # A comparison that comes out the same for every pair says nothing, and ECM refuses it.
    return together.loc[:, (together != together.iloc[0]).any()]


def _log_odds(classifier: recordlinkage.ECMClassifier, features: pd.DataFrame) -> npt.NDArray[np.float64]:
    logs = classifier.kernel.predict_log_proba(features.to_numpy())
    # Where both classes have lost all probability the odds are no number; such a pair comes last.
    scores: npt.NDArray[np.float64] = np.nan_to_num(
        logs[:, 1] - logs[:, 0], nan=-1e6, posinf=1e6, neginf=-1e6
    )
    return scores


if __name__ == "__main__":
    main()
