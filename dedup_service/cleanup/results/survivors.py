"""Which member of each cluster every value of its golden record comes from.

What `scoring.survive` would choose, for all clusters together: asked one by one, the clusters of a million
records take it a minute. A test holds the two against each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring import Rule

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
_NONE = np.iinfo(np.int64).max
# A field more counts for more than any length of texts.
_FIELD = 100_000
_TIE_BREAKERS = (Rule.MOST_TRUSTED, Rule.MOST_RECENT, Rule.MOST_COMPLETE, Rule.MOST_FREQUENT)


@dataclass(frozen=True, slots=True)
class Survivorship:
    """How values survive: `units` are columns that survive together, by the field or field group that they
    are; the rules are by unit too.
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
    known = _Members(members, starts, trusts, _seconds(update_times, members.num_rows))
    names = [name for unit in how.units.values() for name in unit]
    filled = {name: _filled(members.column(name)) for name in names}
    origins: dict[str, Places] = {}
    for unit, columns in how.units.items():
        holds = np.logical_or.reduce([filled[name] for name in columns])
        first = np.minimum.reduceat(np.where(holds, np.arange(len(holds)), _NONE), starts)
        origins[unit] = np.where(first == _NONE, -1, first)
        codes = [_codes(members.column(name)) for name in columns]
        torn = np.logical_or.reduce([_differ(each, holds, starts) for each in codes])
        if torn.any():
            rule = how.rules.get(unit, how.default_rule)
            known.choose(columns, rule, holds & torn[known.cluster], origins[unit])
    conflicts = {
        name: int(_differ(_codes(_alike(members.column(name))), filled[name], starts).sum()) for name in names
    }
    counts = np.zeros(members.num_rows, np.int64)
    for each in filled.values():
        counts += each
    return Survived(known.first_by(counts), origins, conflicts)


@dataclass(slots=True)
class _Members:
    """The members of clusters: where each cluster begins, how trusted and how recent each member is."""

    table: pa.Table
    starts: Places
    trusts: Places
    seconds: NDArray[np.float64]

    @property
    def cluster(self) -> Places:
        """The cluster of each member, from 0."""
        sizes = np.diff(np.append(self.starts, self.table.num_rows))
        return np.repeat(np.arange(len(sizes)), sizes)

    def choose(self, names: Sequence[str], rule: Rule, among: Flags, origin: Places) -> None:
        """Put into `origin` the member that the rule puts first, in clusters that have members `among`."""
        at = np.flatnonzero(among)
        cluster = self.cluster[at]
        columns = [self.table.column(name).take(at) for name in names]
        complete = np.zeros(len(at), np.float64)
        for one in columns:
            length = pc.utf8_length(pc.utf8_trim_whitespace(one)).to_numpy()
            complete += np.where(length > 0, length + _FIELD, 0)
        measures = {
            Rule.MOST_TRUSTED: self.trusts[at].astype(np.float64),
            Rule.MOST_RECENT: self.seconds[at],
            Rule.MOST_COMPLETE: complete,
            Rule.MOST_FREQUENT: _counts([cluster, *(_codes(_spelling(one)) for one in columns)]),
        }
        order = (rule, *(other for other in _TIE_BREAKERS if other is not rule))
        keys = [-measures[each] for each in reversed(order)]
        ranked = np.lexsort((at, *keys, cluster))
        found, first = np.unique(cluster[ranked], return_index=True)
        origin[found] = at[ranked[first]]

    def first_by(self, counts: Places) -> Places:
        """The member of each cluster with the highest count; of equals, as survivorship would: the most
        trusted, the most recent, the first.
        """
        order = np.lexsort((np.arange(len(counts)), -self.seconds, -self.trusts, -counts, self.cluster))
        return order[self.starts]


def _counts(columns: Sequence[Places]) -> NDArray[np.float64]:
    """How often the combination of each row stands in these columns."""
    code = columns[0]
    for each in columns[1:]:
        # Numbered anew each time, so that no product grows beyond 64 bits.
        _, code = np.unique(code * (int(each.max(initial=0)) + 1) + each, return_inverse=True)
    _, code, counts = np.unique(code, return_inverse=True, return_counts=True)
    found: NDArray[np.float64] = counts[code].astype(np.float64)
    return found


def _filled(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    there: NDArray[np.bool_] = pc.not_equal(pc.utf8_trim_whitespace(column), "").to_numpy()
    return there


def _codes(column: pa.ChunkedArray) -> Places:
    """A number for each different text."""
    encoded = column.combine_chunks().dictionary_encode()
    codes: Places = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _spelling(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The text as survivorship counts it: without what is a matter of case and spaces."""
    encoded = column.combine_chunks().dictionary_encode()
    spelt = [" ".join(text.casefold().split()) for text in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(spelt, pa.string()).take(encoded.indices)])


def _alike(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The text without what nobody would call a difference; near enough to count by."""
    return pc.replace_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(column)), r"\s+", " ")


def _differ(codes: Places, holds: NDArray[np.bool_], starts: Places) -> NDArray[np.bool_]:
    """The clusters of which two members that count have different codes."""
    least = np.minimum.reduceat(np.where(holds, codes, _NONE), starts)
    most = np.maximum.reduceat(np.where(holds, codes, -1), starts)
    return most > least


def _seconds(texts: Sequence[str] | None, count: int) -> NDArray[np.float64]:
    """When members were last written; what is no time was long ago."""
    if texts is None:
        return np.zeros(count)
    read = {text: moment_of(text) for text in set(texts)}
    return np.array([moment.timestamp() if (moment := read[text]) else 0.0 for text in texts])


def moment_of(text: str) -> datetime | None:
    """An ISO 8601 time, of UTC where it does not say; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    except ValueError:
        return None
