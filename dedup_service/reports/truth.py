"""Truth files: which records are one, as clusters or as labelled pairs; which of the two is seen from the
columns.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dedup_service.reports.tables import Table, TableError
from scoring.column_names import role_of
from scoring.evaluation.metrics import UNLABELLED, Labels, Positions

HOW_IT_LOOKS = """A truth file is a CSV file in one of two forms.

Clusters, one record a line; records of the same person or company have the same cluster:

    record_id,cluster_id
    C-17,1
    C-203,1
    C-8,2

Pairs, two records a line, labelled 1 (the same), 0 (two), or anything else (not sure):

    left_id,right_id,label
    C-17,C-203,1
    C-17,C-8,0

The ids are those of the records' own id column. Two hundred pairs that somebody has looked at are a start."""

_SIDES = (("left", "right"), ("l", "r"), ("1", "2"), ("a", "b"), ("first", "second"), ("one", "two"))
_LABELS = re.compile(
    r"label|match|is_?(match|duplicate|same)|duplicate|same|truth|expected|y|clerical_match_score|gold|target",
    re.IGNORECASE,
)
_YES = frozenset(("true", "yes", "y", "t", "match", "same", "duplicate", "positive"))
_NO = frozenset(
    ("false", "no", "n", "f", "nomatch", "nonmatch", "notamatch", "different", "distinct", "negative")
)
_UNSURE = -1


@dataclass(frozen=True, slots=True)
class ClusterTruth:
    """The entity of each record, or UNLABELLED."""

    entities: Labels
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PairTruth:
    """Labelled pairs: `labels` are 1 for one entity, 0 for two, -1 where nobody is sure. `rows` are their
    places in the table.
    """

    left: Positions
    right: Positions
    labels: Labels
    rows: Labels
    notes: tuple[str, ...]


Truth = ClusterTruth | PairTruth


def read_truth(table: Table, record_ids: Sequence[str]) -> Truth:
    """The truth about these records, in their order.

    A file of true pairs alone is taken as complete: all that it does not connect is taken for different.

    Raises:
        TableError: Neither form is seen in the columns, or no id is one of a record.
    """
    place = {record_id: at for at, record_id in enumerate(record_ids)}
    sides = _pair_columns(table.header)
    if sides is not None:
        return _pairs(table, *sides, place)
    columns = _cluster_columns(table.header)
    if columns is None:
        raise TableError(
            f"{table.path}: the columns {', '.join(table.header)} are neither clusters nor pairs.\n\n"
            f"{HOW_IT_LOOKS}"
        )
    return _clusters(table, *columns, place)


def _words(name: str) -> list[str]:
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z]+|\d+", text.lower().replace("ltable", "l ").replace("rtable", "r "))


def _pair_columns(header: Sequence[str]) -> tuple[str, str, str] | None:
    """The columns of the two sides and of the label (empty where there is none)."""
    words = {name: _words(name) for name in header}
    for one, other in _SIDES:
        for left in header:
            if one not in words[left]:
                continue
            wanted = [other if word == one else word for word in words[left]]
            right = next((name for name in header if words[name] == wanted), None)
            plain = {"id", "record", "rec", "unique", "source", "row", "key", "uid", one}
            if right is not None and set(words[left]) <= plain:
                label = next((name for name in header if _LABELS.fullmatch(name.strip())), "")
                return left, right, label
    return None


def _cluster_columns(header: Sequence[str]) -> tuple[str, str] | None:
    roles = {name: role for name in header if (role := role_of(name)) is not None}
    ids = sorted((n for n in roles if roles[n].role == "record_id"), key=lambda name: roles[name].rank)
    clusters = [
        name for name in header if name in roles and roles[name].role == "truth" and _is_cluster(name)
    ]
    # A person's id beside a record's own id says who the record is.
    clusters += ids[1:]
    if len(header) == 2 and bool(ids) != bool(clusters):
        known = (ids or clusters)[0]
        other = next(name for name in header if name != known)
        return (known, other) if ids else (other, known)
    return (ids[0], clusters[0]) if ids and clusters else None


def _is_cluster(name: str) -> bool:
    return not {"hardness", "label", "duplicate"} & set(_words(name))


def _clusters(table: Table, id_column: str, cluster_column: str, place: Mapping[str, int]) -> ClusterTruth:
    numbers: dict[str, int] = {}
    entities = np.full(len(place), UNLABELLED, np.int64)
    strangers = empty = 0
    for record_id, cluster in zip(table.column(id_column), table.column(cluster_column), strict=True):
        at = place.get(record_id)
        if at is None:
            strangers += 1
        elif not cluster:
            empty += 1
        else:
            entities[at] = numbers.setdefault(cluster, len(numbers))
    notes = [f"read as clusters: {id_column} is the record, {cluster_column} its cluster"]
    _refuse_strangers(table, id_column, strangers, len(table.rows), place)
    if strangers:
        notes.append(f"{strangers:,} lines name records that the file does not have; they are left out")
    if empty:
        notes.append(f"{empty:,} records have no cluster; nothing is said of them")
    missing = int((entities == UNLABELLED).sum()) - empty
    if missing > 0:
        notes.append(f"{missing:,} records are not in the truth; no pair with them is counted")
    return ClusterTruth(entities, tuple(notes))


def _pairs(table: Table, left: str, right: str, label: str, place: Mapping[str, int]) -> Truth:
    notes = [f"read as pairs: {left} and {right}" + (f", labelled by {label}" if label else "")]
    labels = [_label(text) for text in table.column(label)] if label else [1] * len(table.rows)
    found: list[tuple[int, int, int, int]] = []
    strangers = 0
    for at, (one, other, said) in enumerate(
        zip(table.column(left), table.column(right), labels, strict=True)
    ):
        if one not in place or other not in place:
            strangers += 1
        elif one != other:
            first, second = sorted((place[one], place[other]))
            found.append((first, second, said, at))
    _refuse_strangers(table, left, strangers, len(table.rows), place)
    if strangers:
        notes.append(f"{strangers:,} pairs name records that the file does not have; they are left out")
    columns = np.array(found, np.int64).reshape(-1, 4).T
    kept = _once(columns, notes)
    if not (kept[2] == 0).any():
        notes.append("no pair is labelled 0: all that these pairs do not connect is taken for different")
        sure = kept[:, kept[2] == 1]
        return ClusterTruth(_closed(len(place), sure[0].tolist(), sure[1].tolist()), tuple(notes))
    unsure = int((kept[2] == _UNSURE).sum())
    if unsure:
        notes.append(f"{unsure:,} pairs are labelled neither 1 nor 0: their verdicts are told apart")
    left_at, right_at = kept[0].astype(np.int32), kept[1].astype(np.int32)
    return PairTruth(left_at, right_at, kept[2], kept[3], tuple(notes))


def _once(columns: Labels, notes: list[str]) -> Labels:
    """Each pair once; of those with two labels the first."""
    seen: dict[tuple[int, int], int] = {}
    against = 0
    for at, (one, other, said) in enumerate(zip(*columns[:3].tolist(), strict=True)):
        first = seen.setdefault((one, other), at)
        against += bool(columns[2, first] != said)
    repeated = columns.shape[1] - len(seen)
    if repeated:
        more = f", {against:,} of them with another label: the first counts" if against else ""
        notes.append(f"{repeated:,} pairs stand there more than once{more}")
    kept: Labels = columns[:, list(seen.values())]
    return kept


def _label(text: str) -> int:
    try:
        share = float(text)
    except ValueError:
        said = "".join(filter(str.isalpha, text.casefold()))
        return int(said in _YES) if said in _YES | _NO else _UNSURE
    if share == -1:
        return 0  # as sets of the machine learners write it
    return int(share >= 0.5) if 0 <= share <= 1 else _UNSURE


def _closed(records: int, left: Sequence[int], right: Sequence[int]) -> Labels:
    """Clusters of everything that pairs connect."""
    root = list(range(records))

    def top(at: int) -> int:
        while root[at] != at:
            root[at] = root[root[at]]
            at = root[at]
        return at

    for one, other in zip(left, right, strict=True):
        root[top(one)] = top(other)
    return np.array([top(at) for at in range(records)], np.int64)


def _refuse_strangers(
    table: Table, column: str, strangers: int, lines: int, place: Mapping[str, int]
) -> None:
    if strangers < lines:
        return
    theirs = Counter(table.column(column)).most_common(1)[0][0]
    raise TableError(
        f"{table.path}: none of its {lines:,} lines names a record of the file: {column} holds ids such as "
        f"{theirs!r}, the records have ids such as {next(iter(place))!r}; "
        "say which column of the records holds those ids with --column record_id=COLUMN"
    )
