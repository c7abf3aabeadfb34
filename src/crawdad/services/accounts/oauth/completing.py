"""What an account still lacks when it is asked for with a refresh token or a service account's key alone."""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.flows import Wish
from crawdad.services.accounts.oauth.google import person_order, service_account_order
from crawdad.services.accounts.orders import AccountOrder

_NOT_GOOD = ("credential_revoked", "oauth_client_refused")
CALLBACK = "http://localhost/auth/callback"


def check_configured(provider: IdentityProvider, redirect_uri: str = CALLBACK) -> None:
    """Raises BAD_REQUEST with guidance where the operator has no client."""
    if not provider.settings.client_id:
        details = {"code": "oauth_not_configured", "param": "oauth.google.clientId"}
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.not_configured", {"redirect_uri": redirect_uri}), details)


class Completing:
    """Completes orders: asks who a refresh token belongs to, reads which project a key is for."""

    def __init__(self, provider: IdentityProvider) -> None:
        self._provider = provider

    async def __call__(self, order: AccountOrder) -> AccountOrder:
        """The order with label, project, address and protocol in it. Raises BAD_REQUEST where the credential is none, and what
        asking the provider raises."""
        project, location = order.extra.get("project"), order.extra.get("location")
        if order.secret is None:
            return order
        if order.kind == "vertex_service_account":
            found = service_account_order(order.secret.reveal(), project, location)
        elif order.kind == "google_oauth" and "subject" not in order.extra:
            found = await self._person(order, Wish(project, location, order.provider))
        else:
            return order
        return replace(
            order,
            label=found.label if order.kind == "google_oauth" else order.label or found.label,
            secret=found.secret,
            name=order.name or found.name,
            provider=found.provider,
            api=order.api or found.api,
            base_url=order.base_url or found.base_url,
            extra={**order.extra, **found.extra},
            check=order.check and found.check,
        )

    async def _person(self, order: AccountOrder, wish: Wish) -> AccountOrder:
        assert order.secret is not None
        check_configured(self._provider)
        try:
            tokens = await self._provider.refresh(order.secret)
            person = await self._provider.person(tokens.access)
        except GatewayError as error:
            if error.details.get("code") in _NOT_GOOD:
                raise GatewayError(ErrorKind.BAD_REQUEST, error.text, error.details) from None
            raise
        return person_order(person, tokens.refresh or order.secret, self._provider.settings, wish)
