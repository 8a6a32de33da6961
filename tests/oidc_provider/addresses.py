"""The addresses of the provider, and what its ID tokens say."""

import json
from typing import Any

from django.contrib.auth.views import LoginView
from django.http import JsonResponse
from django.urls import include, path
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views import ConnectDiscoveryInfoView

from tests.oidc_provider import site
from tests.oidc_provider.state import State


class Validator(OAuth2Validator):  # type: ignore[misc]  # published without types
    """Tells a program who signed in: a subject that never changes, and the names that people know."""

    oidc_claim_scope = None

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        user = request.user
        return {
            "sub": f"person-{user.pk}",
            "preferred_username": user.get_username(),
            "name": user.get_full_name(),
            "roles": list(State.read(site.DIRECTORY).roles_of(user.get_username())),
        }


class Discovery(ConnectDiscoveryInfoView):  # type: ignore[misc]  # published without types
    """The discovery document, with the address that takes tokens back, as most providers have it in there."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> JsonResponse:
        found = json.loads(super().get(request, *args, **kwargs).content)
        revocation = self._get_endpoint_url(request, "revoke-token", required=True)
        return JsonResponse({**found, "revocation_endpoint": revocation})


urlpatterns = [
    path("o/.well-known/openid-configuration", Discovery.as_view()),
    path("login/", LoginView.as_view(), name="login"),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
