"""A real OpenID provider on this machine: Django OAuth Toolkit in a process of its own.

It signs people in with a password by the authorization code flow with PKCE, gives service accounts tokens for
their client secret, publishes its keys, and changes them when it is told to. `provider.py` starts it,
`site.py` is what runs, `signing_in.py` does what a browser and a program do to get a token.
"""

from tests.oidc_provider.provider import Provider, running_provider
from tests.oidc_provider.signing_in import sign_in, token_of_service
from tests.oidc_provider.state import PASSWORD, Client, Person, State

__all__ = [
    "PASSWORD",
    "Client",
    "Person",
    "Provider",
    "State",
    "running_provider",
    "sign_in",
    "token_of_service",
]
