"""A provider on a real socket that answers whatever a test has it answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_ID = "key-1"
METADATA_PATH = "/.well-known/openid-configuration"


@dataclass(slots=True)
class LyingProvider:
    """Its answers by path: a status and JSON, or text that is none. `asked` counts the requests of each."""

    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)

    def behave(self) -> None:
        """Answer as a good provider does."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        self.answers = {
            METADATA_PATH: (
                200,
                {
                    "issuer": self.url,
                    "authorization_endpoint": f"{self.url}/authorize",
                    "token_endpoint": f"{self.url}/token",
                    "jwks_uri": f"{self.url}/keys",
                },
            ),
            "/keys": (200, {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}),
        }

    def give(self, id_token: object, **more: Any) -> None:
        """Answer every code with this ID token."""
        given = {"access_token": "a", "token_type": "Bearer", "expires_in": 300, "id_token": id_token, **more}
        self.answers["/token"] = (200, given)


@contextmanager
def lying_provider() -> Iterator[LyingProvider]:
    """One that behaves until it is told otherwise."""
    provider = LyingProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked[self.path] = provider.asked.get(self.path, 0) + 1
            status, content = provider.answers.get(self.path, (404, {}))
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            if status in {301, 302, 307}:
                self.send_header("location", "/token")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Write no line a request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.behave()
    thread = threading.Thread(target=server.serve_forever, name="lying-provider")
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
