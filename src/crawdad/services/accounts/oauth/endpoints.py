"""Asking an identity provider: the calls of `protocol`, with time limits, over the transport."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode, urlsplit

from crawdad.core.errors import GatewayError
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.settings import GoogleSettings
from crawdad.services.accounts.oauth import protocol
from crawdad.services.accounts.oauth.protocol import DeviceGrant, Person, Tokens, checked_endpoint, is_loopback

_PATIENCE = Timeouts(connect=10.0, first_byte=30.0, idle=15.0)
_ANSWER_LIMIT = 256 * 1024
_GOOGLE = ".googleapis.com"
_SECRET_FIELDS = ("client_secret", "refresh_token", "code", "code_verifier", "device_code", "assertion")


class IdentityProvider:
    """Google, or whoever the settings say. Raises `GatewayError`; no error holds what was sent in secret."""

    def __init__(
        self, transport: Transport, settings: Callable[[], GoogleSettings], proxy_for: Callable[[str], str | None]
    ) -> None:
        self._transport = transport
        self._settings = settings
        self._proxy_for = proxy_for

    @property
    def settings(self) -> GoogleSettings:
        """The settings of the moment."""
        return self._settings()

    async def exchange_code(self, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """Tokens for a code."""
        return await self._grant(protocol.code_form(self.settings, code, redirect_uri, verifier))

    async def refresh(self, refresh: Secret) -> Tokens:
        """A fresh access token. `credential_revoked` where the refresh token is no longer good."""
        return await self._grant(protocol.refresh_form(self.settings, refresh))

    async def begin_device(self) -> DeviceGrant:
        """The codes of a device flow."""
        try:
            return await self._device_grant(with_secret=False)
        except GatewayError as error:
            if error.details.get("code") != "oauth_client_refused" or not self.settings.client_secret:
                raise
            return await self._device_grant(with_secret=True)

    async def _device_grant(self, with_secret: bool) -> DeviceGrant:
        form = protocol.device_form(self.settings, with_secret)
        answer = await self._post(self.settings.device_url, form)
        return protocol.read_device_grant(*answer, [form.get("client_secret", "")])

    async def poll_device(self, device_code: Secret) -> Tokens:
        """Tokens, once the person has consented; until then errors that say so in their code."""
        return await self._grant(protocol.poll_form(self.settings, device_code))

    async def redeem(self, assertion: Secret, token_uri: str) -> Tokens:
        """An access token for a signed assertion. `token_uri` came with the key, so private addresses are refused."""
        form = protocol.assertion_form(assertion)
        guarded = not is_loopback(token_uri) and not (urlsplit(token_uri).hostname or "").endswith(_GOOGLE)
        return protocol.read_tokens(*await self._post(token_uri, form, guarded), [assertion.reveal()])

    async def person(self, access: Secret) -> Person:
        """Who an access token belongs to."""
        url = checked_endpoint(self.settings.userinfo_url)
        headers = {"Authorization": f"Bearer {access.reveal()}", "Accept": "application/json"}
        status, body = await self._send(UpstreamCall("GET", url, headers, None, _PATIENCE, proxy=self._proxy_for(url)))
        return protocol.read_person(status, body, [access.reveal()])

    async def _grant(self, form: Mapping[str, str]) -> Tokens:
        sent = [form[name] for name in _SECRET_FIELDS if name in form]
        return protocol.read_tokens(*await self._post(self.settings.token_url, form), sent)

    async def _post(self, url: str, form: Mapping[str, str], guarded: bool = False) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        body = urlencode(form).encode()
        url = checked_endpoint(url)
        return await self._send(
            UpstreamCall("POST", url, headers, body, _PATIENCE, guarded=guarded, proxy=self._proxy_for(url))
        )

    async def _send(self, call: UpstreamCall) -> tuple[int, bytes]:
        answer = await self._transport.send(call)
        try:
            return answer.status, await answer.read(_ANSWER_LIMIT)
        finally:
            await answer.close()
