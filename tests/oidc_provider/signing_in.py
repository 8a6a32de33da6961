"""What a browser does to sign somebody in, and what a program does to get a token for itself."""

import base64
import hashlib
import re
import secrets
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.oidc_provider.provider import CONSOLE, REDIRECT_URI, Provider
from tests.oidc_provider.state import PASSWORD, SECRET


def sign_in(provider: Provider, name: str, password: str = PASSWORD) -> dict[str, str]:
    """The answer of the token endpoint for a person: `access_token`, `id_token`, `refresh_token`."""
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": CONSOLE,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid profile",
        "state": "s",
        "nonce": "n",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    with httpx.Client(trust_env=False, base_url=provider.origin, verify=provider.trust) as browser:
        page = browser.get("/o/authorize/", params=asked, follow_redirects=True)
        form = {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text)), "username": name}
        form["next"] = f"{page.url.params['next']}"
        answer = browser.post(
            "/login/", data={**form, "password": password}, headers={"Referer": f"{page.url}"}
        )
        assert answer.status_code == httpx.codes.FOUND, "nobody signed in"
        answer = browser.get(answer.headers["location"])
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        answer = browser.post(
            "/o/token/",
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": REDIRECT_URI,
                "code_verifier": verifier,
            },
            auth=(CONSOLE, SECRET),
        )
        assert answer.status_code == httpx.codes.OK, answer.text
        given: dict[str, str] = answer.json()
        return given


def token_of_service(provider: Provider, name: str) -> str:
    """An access token of a service account, for its client secret."""
    with httpx.Client(trust_env=False, verify=provider.trust) as client:
        answer = client.post(
            f"{provider.issuer}/token/",
            data={"grant_type": "client_credentials", "scope": "dedup"},
            auth=(name, SECRET),
        )
    assert answer.status_code == httpx.codes.OK, answer.text
    return str(answer.json()["access_token"])
