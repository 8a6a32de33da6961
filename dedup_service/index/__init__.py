"""The blocking index: finds the records that share a blocking key, in Redis or Valkey.

It holds nothing that the ledger does not, may be lost at any time, and mends itself.
"""

from dedup_service.index.follower import IndexFollower
from dedup_service.index.redis_index import RedisIndex
from dedup_service.index.server import UnsuitableIndexServer

__all__ = ["IndexFollower", "RedisIndex", "UnsuitableIndexServer"]
