"""PostgreSQL and Valkey started beside the service: for a laptop, a demo or a test.

Production points the service at its own servers and never comes here.
Both servers listen on a unix socket in a private directory only, keep their directory between starts,
and outlive a service that is killed: the next start takes them over.
"""

from dedup_service.embedded.binaries import Binaries, EmbeddedServerError, installed_binaries
from dedup_service.embedded.postgres import start_postgres
from dedup_service.embedded.processes import RunningServer, discard_data
from dedup_service.embedded.valkey import start_valkey

__all__ = [
    "Binaries",
    "EmbeddedServerError",
    "RunningServer",
    "discard_data",
    "installed_binaries",
    "start_postgres",
    "start_valkey",
]
