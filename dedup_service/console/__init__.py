"""The steward's console: pages over the published API, for people who decide about merges.

It is a client of the service like any other, with the identity of whoever is signed in: it can do nothing
that the API would refuse. `app.py` has the one list of its addresses.
"""

from dedup_service.console.app import console_app
from dedup_service.console.options import ConsoleOptions, Person

__all__ = ["ConsoleOptions", "Person", "console_app"]
