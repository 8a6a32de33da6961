"""The stratum of each record, or of each labelled pair, from a column that the user names."""

from dedup_service.reports.records import Records
from dedup_service.reports.tables import Table, TableError
from dedup_service.reports.truth import PairTruth, Truth

MIXED = "(of both)"


def strata_of(column: str, records: Records, truth: Truth, truth_table: Table) -> list[str]:
    """The strata in the order of the records, or of the labelled pairs.

    A column of the pairs' own file comes before one of the records; a pair of two strata of records is mixed.

    Raises:
        TableError: Neither file has the column.
    """
    if isinstance(truth, PairTruth) and column in truth_table.header:
        named = truth_table.column(column)
        return [named[at] for at in truth.rows.tolist()]
    if column not in records.table.header:
        raise TableError(
            f"{records.table.path}: has no column {column!r} for --stratum; "
            f"the columns are {', '.join(records.table.header)}"
        )
    of_record = records.table.column(column)
    if not isinstance(truth, PairTruth):
        return of_record
    sides = zip(truth.left.tolist(), truth.right.tolist(), strict=True)
    return [of_record[one] if of_record[one] == of_record[other] else MIXED for one, other in sides]
