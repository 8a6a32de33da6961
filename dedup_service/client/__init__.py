"""The published Python client: typed stubs, typed errors, safe repetition.

``with DedupClient("127.0.0.1:50051", principal="users/ann") as client:`` gives a connection whose attributes
are the generated stubs, as in ``client.merge_proposals.GetMergeProposal(...)``.
"""

from dedup_service.client.connection import DedupClient
from dedup_service.client.errors import ServiceError, Violation, explain
from dedup_service.client.ingesting import IngestedBatch
from dedup_service.client.routing import RoutedBatch

__all__ = ["DedupClient", "IngestedBatch", "RoutedBatch", "ServiceError", "Violation", "explain"]
