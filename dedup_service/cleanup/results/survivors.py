"""Which member of each cluster every value of its golden record comes from.

Where all members that have a value have the same, any of them will do, and numpy finds one for all clusters
together; `scoring.survive` is asked where they differ.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

import scoring
from scoring import MemberValues, Rule

Places = NDArray[np.int64]
_NONE = np.iinfo(np.int64).max
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Survivorship:
    """How values survive: `units` are columns that survive together, by the field or field group that they are;
    the rules are by unit too.
    """

    units: Mapping[str, Sequence[str]]
    rules: Mapping[str, Rule]
    default_rule: Rule


@dataclass(frozen=True, slots=True)
class Survived:
    """Places in the table of members: of each cluster's survivor, and by unit where its values come from (-1:
    no member has any). `conflicts` counts by column the clusters whose members have different values.
    """

    survivors: Places
    origins: Mapping[str, Places]
    conflicts: Mapping[str, int]


def survive_clusters(
    members: pa.Table,
    starts: Places,
    how: Survivorship,
    trusts: Places,
    update_times: Sequence[str] | None,
) -> Survived:
    """What survives of each cluster.

    Args:
        members: The members, those of one cluster together, each cluster in the order of its rows.
        starts: Where each cluster begins; each has two members or more.
        how: The rules.
        trusts: How far the source of each member is trusted; higher wins.
        update_times: When each member was last written, ISO 8601; None where no column says so.
    """
    filled = {name: _filled(members.column(name)) for names in how.units.values() for name in names}
    codes = {name: _codes(members.column(name)) for name in filled}
    times = _Times(update_times)
    origins: dict[str, Places] = {}
    torn: dict[str, NDArray[np.bool_]] = {}
    for unit, names in how.units.items():
        holds = np.logical_or.reduce([filled[name] for name in names])
        places = np.where(holds, np.arange(len(holds)), _NONE)
        first = np.minimum.reduceat(places, starts)
        origins[unit] = np.where(first == _NONE, -1, first)
        torn[unit] = np.logical_or.reduce([_differ(codes[name], holds, starts) for name in names])
    _ask(members, starts, how, trusts, times, torn, origins)
    conflicts = {
        name: int(_differ(_codes(_spelling(members.column(name))), filled[name], starts).sum())
        for name in filled
    }
    counts = np.sum(list(filled.values()), axis=0, dtype=np.int64)
    return Survived(_survivors(starts, counts, trusts, times), origins, conflicts)


def _filled(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return there


def _codes(column: pa.ChunkedArray) -> Places:
    """A number for each different text."""
    encoded = column.combine_chunks().dictionary_encode()
    codes: Places = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _spelling(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The text without what nobody would call a difference: case and spaces."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    return pc.replace_substring_regex(lower, r"\s+", " ")


def _differ(codes: Places, holds: NDArray[np.bool_], starts: Places) -> NDArray[np.bool_]:
    """The clusters of which two members that count have different codes."""
    least = np.minimum.reduceat(np.where(holds, codes, _NONE), starts)
    most = np.maximum.reduceat(np.where(holds, codes, -1), starts)
    return most > least


def _ask(
    members: pa.Table,
    starts: Places,
    how: Survivorship,
    trusts: Places,
    times: "_Times",
    torn: Mapping[str, NDArray[np.bool_]],
    origins: Mapping[str, Places],
) -> None:
    """Put into `origins` what survives where members differ."""
    texts = {
        name: members.column(name).to_pylist()
        for unit, names in how.units.items()
        if torn[unit].any()
        for name in names
    }
    unit_of = {name: unit for unit, names in how.units.items() for name in names}
    ends = np.append(starts[1:], members.num_rows).tolist()
    begins, trust = starts.tolist(), trusts.tolist()
    units_of: dict[int, list[str]] = {}
    for unit, clusters in torn.items():
        for cluster in np.flatnonzero(clusters).tolist():
            units_of.setdefault(cluster, []).append(unit)
    for cluster, units in units_of.items():
        names = [name for unit in units for name in how.units[unit]]
        values = [
            # Ids as texts of one length are in the order of the rows.
            MemberValues(f"{at:012}", {name: texts[name][at] for name in names}, trust[at], times[at])
            for at in range(begins[cluster], ends[cluster])
        ]
        for name, value in scoring.survive(values, how.rules, unit_of, {}, how.default_rule).items():
            origins[unit_of[name]][cluster] = int(value.member_id)


def _survivors(starts: Places, counts: Places, trusts: Places, times: "_Times") -> Places:
    """The member of each cluster that has the most values; of equals, as survivorship would: the most trusted,
    the most recent, the first.
    """
    cluster = np.zeros(len(counts), np.int64)
    cluster[starts[1:]] = 1
    cluster = np.cumsum(cluster)
    order = np.lexsort((np.arange(len(counts)), -times.seconds(len(counts)), -trusts, -counts, cluster))
    return order[starts]


class _Times:
    """When members were last written, read where it is asked; what is no time was long ago."""

    def __init__(self, texts: Sequence[str] | None) -> None:
        self._texts = texts
        self._read: dict[str, datetime] = {"": _LONG_AGO}

    def __getitem__(self, at: int) -> datetime:
        if self._texts is None:
            return _LONG_AGO
        text = self._texts[at]
        if text not in self._read:
            self._read[text] = moment_of(text) or _LONG_AGO
        return self._read[text]

    def seconds(self, count: int) -> NDArray[np.float64]:
        if self._texts is None:
            return np.zeros(count)
        return np.array([self[at].timestamp() for at in range(count)])


def moment_of(text: str) -> datetime | None:
    """An ISO 8601 time, of UTC where it does not say; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
