"""The process of the provider: Django OAuth Toolkit on SQLite, behind the server of the standard library.

`python -m tests.oidc_provider.site DIRECTORY PORT`; it says ``ready`` once it answers.
"""

import secrets
import ssl
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
import jwt
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from jwcrypto import jwk

from tests.oidc_provider.state import CERTIFICATE_FILE, PASSWORD, SECRET, State

LOGIN_PAGE = """<!doctype html><html lang="en"><title>Sign in</title><main><h1>Sign in</h1>
{% if form.errors %}<p role="alert">Wrong name or password.</p>{% endif %}
<form method="post">{% csrf_token %}<input type="hidden" name="next" value="{{ next }}">
<label>Name <input name="username" autofocus></label>
<label>Password <input name="password" type="password"></label>
<button type="submit">Sign in</button></form></main></html>"""


def configure(directory: Path, state: State) -> None:
    """Set Django up; nothing of it may be imported before."""
    settings.configure(
        DEBUG=False,
        SECRET_KEY="of a provider for tests",
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF="tests.oidc_provider.addresses",
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(directory / "provider.sqlite"),
                "OPTIONS": {"timeout": 20},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        # The console of a test is on the same host, whatever its port: its cookies are other ones.
        SESSION_COOKIE_NAME="provider_session",
        CSRF_COOKIE_NAME="provider_csrf",
        LOGIN_URL="/login/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"registration/login.html": LOGIN_PAGE},
                        ),
                        "django.template.loaders.app_directories.Loader",
                    ],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": state.issuer,
            "OIDC_RSA_PRIVATE_KEY": state.keys[0],
            "OAUTH2_VALIDATOR_CLASS": "tests.oidc_provider.addresses.Validator",
            "ACCESS_TOKEN_GENERATOR": "tests.oidc_provider.site.access_token",
            "REFRESH_TOKEN_GENERATOR": "tests.oidc_provider.site.refresh_token",
            "SCOPES": {"openid": "Who you are", "profile": "Your name", "dedup": "The merge desk"},
            "PKCE_REQUIRED": True,
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            # What is made once for all would keep the lifetime of tokens that it was made with.
            "ALWAYS_RELOAD_OAUTHLIB_CORE": True,
            "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
            "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
            "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
            "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
        },
    )
    django.setup()


def access_token(request: Any) -> str:
    """An access token that says for whom it is, signed as the ID tokens are (RFC 9068)."""
    state = State.read(DIRECTORY)
    now = int(time.time())
    claims = {
        "iss": state.issuer,
        "aud": state.audience,
        "iat": now,
        "nbf": now,
        "exp": now + state.token_seconds,
        "jti": uuid.uuid4().hex,
        "client_id": request.client.client_id,
        **state.extra_claims,
    }
    if request.user is None:
        claims["sub"] = f"client-{request.client.client_id}"
    else:
        name = request.user.get_username()
        claims |= {"sub": f"person-{request.user.pk}", "preferred_username": name}
        claims["roles"] = list(state.roles_of(name))
    key = state.keys[0]
    kid = jwk.JWK.from_pem(key.encode()).thumbprint()
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid, "typ": "at+jwt"})


def refresh_token(_: object) -> str:
    """A refresh token, which says nothing to anybody but the provider."""
    return secrets.token_urlsafe(32)


def fill(state: State) -> None:
    """Make the people and programs."""
    from django.contrib.auth.models import User  # noqa: PLC0415  Django must be set up before
    from oauth2_provider.models import Application  # noqa: PLC0415  Django must be set up before

    for person in state.people:
        first, _, last = (person.display_name or person.name).partition(" ")
        User.objects.create_user(person.name, password=PASSWORD, first_name=first, last_name=last)
    for client in state.clients:
        Application.objects.create(
            name=client.client_id,
            client_id=client.client_id,
            client_secret=SECRET,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=(
                Application.GRANT_AUTHORIZATION_CODE
                if client.redirect_uris
                else Application.GRANT_CLIENT_CREDENTIALS
            ),
            redirect_uris=" ".join(client.redirect_uris),
            # A console is come back to from the sign-out at the page that its sign-in begins on.
            post_logout_redirect_uris=" ".join(
                uri.removesuffix("/done") for uri in client.redirect_uris if uri.endswith("/done")
            ),
            algorithm=Application.RS256_ALGORITHM,
            skip_authorization=True,
        )


class Server(ThreadingMixIn, WSGIServer):
    """Answers each request in a thread of its own."""

    daemon_threads = True

    def speak_tls(self, certificate: Path) -> None:
        """Take connections by TLS from now on; each shakes hands in a thread of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.base_environ["HTTPS"] = "on"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless it is that a client did not trust the certificate, or went away."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class Quiet(WSGIRequestHandler):
    """Writes no line a request."""

    def log_message(self, *_: object) -> None:
        pass


def following(directory: Path, answer: Callable[..., Any]) -> Callable[..., Any]:
    """The application, with the keys and times that are in force when a request comes."""
    from oauth2_provider.settings import oauth2_settings  # noqa: PLC0415  Django must be set up before

    def answered(environ: Any, start_response: Any) -> Any:
        state = State.read(directory)
        oauth2_settings.OIDC_RSA_PRIVATE_KEY = state.keys[0]
        oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE = list(state.keys[1:])
        oauth2_settings.ACCESS_TOKEN_EXPIRE_SECONDS = state.token_seconds
        return answer(environ, start_response)

    return answered


def main() -> None:
    """Serve until the process is ended."""
    state = State.read(DIRECTORY)
    configure(DIRECTORY, state)
    if not (DIRECTORY / "provider.sqlite").exists():
        call_command("migrate", verbosity=0)
        fill(state)
    application = following(DIRECTORY, get_wsgi_application())
    with make_server("127.0.0.1", int(sys.argv[2]), application, Server, Quiet) as server:
        if (DIRECTORY / CERTIFICATE_FILE).exists():
            server.speak_tls(DIRECTORY / CERTIFICATE_FILE)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


# Django imports the generator of tokens by its module's name, beside the `__main__` that runs.
DIRECTORY = Path(sys.argv[1]) if len(sys.argv) > 2 else Path()

if __name__ == "__main__":
    main()
