"""BLOCK: from blocking keys to candidate pairs, as a shuffle by key and one by pair.

The rows of one partition are sorted by key in numpy, so that a block is a run of rows. A key that more than
`most_members` records share says little by itself: its members are paired where they share another such key
too. That costs, for a key of any number of members, one more row for each two of such keys that a member has.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 -- as everybody writes it

from dedup_service.cleanup.work.blocks import BLOCKS, KEYS, Blocks, Refining
from scoring.key_numbers import RULE_BITS, rule_of

REFINED_MEMBERS = 10
"""A refined key of more members than this makes no pairs."""


def blocks(keys: DataFrame, most_members: int, partitions: int) -> DataFrame:
    """The pairs of keys of 2 to `most_members` records, with repetitions; and, marked `is_common`, the
    members of other keys: the number of the record and of the key.

    `keys` has the columns key and number. Each partition holds 16 bytes a row.
    """
    work = Blocks(most_members)
    return keys.select("key", "number").repartition(partitions, "key").mapInArrow(work, BLOCKS)


def refined_keys(common: DataFrame, partitions: int) -> DataFrame:
    """Keys made of two common keys each, of the records that have two or more; `common` has number and
    key.
    """
    counts = common.groupBy("key").agg(F.count("*").alias("members"))
    counted = common.join(counts, "key").select("number", "key", "members")
    return counted.repartition(partitions, "number").mapInArrow(Refining(), KEYS)


def too_common(common: DataFrame) -> list[tuple[str, int, int]]:
    """For each blocking rule that has common keys, by its prefix: the members of its largest key and how many
    such keys there are, the largest first.
    """
    members = common.groupBy("key").agg(F.count("*").alias("members"))
    by_rule = members.groupBy(F.col("key").bitwiseAND((1 << RULE_BITS) - 1).alias("rule")).agg(
        F.max("members").alias("largest"), F.count("*").alias("keys")
    )
    found = [(rule_of(row["rule"]).prefix, row["largest"], row["keys"]) for row in by_rule.collect()]
    return sorted(found, key=lambda one: (-one[1], one[0]))
