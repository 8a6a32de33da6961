"""The study of dead leads: scans of `lead_states` that count, by one or two of the keys of `dead_leads`.

Groups are chosen first, dimension by dimension, and counted together then: however many texts people wrote, a
study answers with few rows. A key is a number or a word; one that begins with ~ stands for what is no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from dedup_service.domain.dead_leads import (
    AGE_BOUNDS_DAYS,
    AGES,
    MAX_GROUPS,
    DeadLeadDimension,
    DeadLeadGroup,
    DeadLeadQuery,
    DeadLeadRow,
    DeadLeadStudy,
    GroupType,
    in_own_order,
)
from dedup_service.store.literals import literal
from dedup_service.store.rows import Row
from dedup_service.store.statements import statement

_OTHER = "~other"
# As the statement `dead_leads` writes them.
_TYPES = {
    "~not given": GroupType.NOT_GIVEN,
    "~unreachable": GroupType.UNREACHABLE,
    _OTHER: GroupType.OTHER,
}
_GROUPS = """
SELECT {key}, mode() WITHIN GROUP (ORDER BY {words}), count(*)
FROM ({dead_leads}) AS d GROUP BY 1 ORDER BY 3 DESC, 1 LIMIT %(limit)s
"""
_TABLE = """
SELECT {keys}, count(*) FILTER (WHERE dead), count(*) FILTER (WHERE NOT dead)
FROM ({dead_leads}) AS d GROUP BY {keys}
"""
_ALL = "SELECT {keys}, count(*) FROM ({all_leads}) AS d GROUP BY {keys}"


@dataclass(frozen=True, slots=True)
class _Groups:
    """The groups of a dimension that are shown, by key; all others are counted together."""

    dimension: DeadLeadDimension
    shown: Mapping[str, DeadLeadGroup]

    @property
    def column(self) -> str:
        return f"{self.dimension.lower()}_key"

    @property
    def key(self) -> sql.Composable:
        """The key of a row's group, as SQL."""
        return sql.SQL("CASE WHEN {column} = ANY({shown}) THEN {column} ELSE {other} END").format(
            column=sql.Identifier(self.column), shown=literal(list(self.shown)), other=sql.Literal(_OTHER)
        )

    def group(self, key: str) -> DeadLeadGroup:
        return self.shown.get(key) or DeadLeadGroup(self.dimension, GroupType.OTHER)


class DeadLeadCounts:
    """One study on one connection in a snapshot."""

    def __init__(self, connection: psycopg.AsyncConnection, query: DeadLeadQuery) -> None:
        self._connection = connection
        self._query = query
        self._parameters = {
            "source": query.source,
            "start_time": query.start_time,
            "end_time": query.end_time,
            "age_bounds": list(AGE_BOUNDS_DAYS),
            "limit": MAX_GROUPS,
        }

    async def study(self) -> DeadLeadStudy:
        """Count; one scan for each dimension, one for the rows, and one or two for the totals."""
        groups = [await self._groups(dimension) for dimension in self._query.dimensions]
        lead_counts = await self._lead_counts(groups)
        rows = []
        keys = sql.SQL(", ").join(each.key for each in groups)
        for *found, dead_count, returned_count in await self._rows(_TABLE, keys=keys):
            of_all = tuple(
                key for key, each in zip(found, groups, strict=True) if each.dimension.of_all_leads
            )
            rows.append(
                DeadLeadRow(
                    groups=tuple(each.group(key) for each, key in zip(groups, found, strict=True)),
                    dead_count=dead_count,
                    returned_count=returned_count,
                    lead_count=lead_counts[of_all] if of_all else None,
                )
            )
        rows.sort(key=_largest_first)
        first = self._query.dimensions[0]
        if first.ordered:
            order = in_own_order(first, (row.groups[0].value for row in rows))
            rows.sort(key=lambda row: order.index(row.groups[0].value))
        [(dead_count, unreachable_count, returned_count, lead_count)] = await self._rows(
            statement("dead_lead_totals")
        )
        return DeadLeadStudy(tuple(rows), dead_count, unreachable_count, returned_count, lead_count)

    async def _groups(self, dimension: DeadLeadDimension) -> _Groups:
        key = sql.Identifier(f"{dimension.lower()}_key")
        words = sql.Identifier(dimension.lower()) if dimension.free_text else key
        rows = await self._rows(_GROUPS, key=key, words=words)
        # A text of few may be of one person, and name them.
        least = self._query.least_count if dimension.free_text else 0
        shown = {
            key: DeadLeadGroup(dimension, _TYPES.get(key, GroupType.VALUE), _value(dimension, key, words))
            for key, words, count in rows
            if key in _TYPES or count >= least
        }
        return _Groups(dimension, shown)

    async def _lead_counts(self, groups: list[_Groups]) -> dict[tuple[str, ...], int]:
        """All leads, dead or not, by the keys of the dimensions that every lead has a group of."""
        keys = [each.key for each in groups if each.dimension.of_all_leads]
        if not keys:
            return {}
        rows = await self._rows(_ALL, keys=sql.SQL(", ").join(keys))
        return {tuple(row[:-1]): row[-1] for row in rows}

    async def _rows(self, query: str, **parts: sql.Composable) -> list[Row]:
        composed = sql.SQL(query).format(
            dead_leads=sql.SQL(statement("dead_leads")), all_leads=sql.SQL(statement("all_leads")), **parts
        )
        cursor = await self._connection.execute(composed, self._parameters)
        return list(await cursor.fetchall())


def _value(dimension: DeadLeadDimension, key: str, words: str) -> str:
    if key in _TYPES:
        return ""
    return AGES[int(key)] if dimension is DeadLeadDimension.AGE else words


def _largest_first(row: DeadLeadRow) -> tuple[int, int, list[tuple[str, str]]]:
    return -row.dead_count, -row.returned_count, [(group.value, group.type) for group in row.groups]
