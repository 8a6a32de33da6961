"""What the provider is to be, in a file that it reads again for each request."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

# Of everybody: nobody guesses passwords here.
PASSWORD = "correct horse battery staple"
SECRET = "a secret of a client, for tests alone"
STATE_FILE = "provider.json"
# Beside it where the provider speaks TLS: its certificate with the key, and the authority of both.
CERTIFICATE_FILE = "provider.pem"
AUTHORITY_FILE = "provider-authority.pem"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in by `name` and the password; `roles` are in the claim of that name."""

    name: str
    display_name: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """A program that is registered; without redirect URIs it is a service account."""

    client_id: str
    redirect_uris: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """Keys are PEM texts, of which the first signs and all are published. Times are in seconds."""

    issuer: str
    keys: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    clients: tuple[Client, ...] = ()
    audience: str = "merge-desk"
    token_seconds: int = 300
    extra_claims: dict[str, Any] = field(default_factory=dict)

    def write(self, directory: Path) -> None:
        """Put the state in force from the next request on."""
        fresh = directory / f"{STATE_FILE}.new"
        fresh.write_text(json.dumps(asdict(self)))
        fresh.replace(directory / STATE_FILE)

    @classmethod
    def read(cls, directory: Path) -> "State":
        """The state that is in force."""
        found = json.loads((directory / STATE_FILE).read_text())
        people = tuple(
            Person(one["name"], one["display_name"], tuple(one["roles"])) for one in found["people"]
        )
        clients = tuple(Client(one["client_id"], tuple(one["redirect_uris"])) for one in found["clients"])
        return replace(cls(**found), keys=tuple(found["keys"]), people=people, clients=clients)

    def roles_of(self, name: str) -> tuple[str, ...]:
        """The roles of somebody now."""
        return next((one.roles for one in self.people if one.name == name), ())
