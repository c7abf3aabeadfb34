"""Signing in to servers over HTTP: who grants access is found out, a person consents in a browser, tokens are kept and renewed.

Addresses that a server names are its word: those that are not its own are called through the guard, and a token is only ever
sent to the server that it was granted for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

import orjson
import structlog

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock, Randomness, SecretBox, Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.protocol import Redirected, Tokens, read_tokens
from crawdad.services.upstreams import ProxyFor
from crawdad.store.key_values import KeyValues
from crawdad.wire.mcp import authorization as rules
from crawdad.wire.mcp.authorization import Client, Granter, ProtectedResource
from crawdad.wire.mcp.messages import client_of, write_request

_PATIENCE = Timeouts(connect=10.0, first_byte=30.0, idle=15.0)
_MOST_BYTES = 256 * 1024
_EARLY_SECONDS = 60.0
"""How long before its end a token is renewed."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person is asked for consent at `url`. `state` and `verifier` are secret."""

    server: str
    address: str
    url: str
    state: str
    redirect_uri: str
    resource: str
    granter: Granter
    client: Client
    verifier: Secret


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted, for the server at `address` alone."""

    address: str
    resource: str
    token_address: str
    client: Client
    access: Secret
    expires_at: float
    refresh: Secret | None = None


class McpSignIns:
    """Gets, keeps and renews grants. They are encrypted at rest."""

    def __init__(
        self,
        transport: Transport,
        values: KeyValues,
        box: SecretBox,
        clock: Clock,
        randomness: Randomness,
        proxy_for: ProxyFor,
    ) -> None:
        self._transport = transport
        self._values = values
        self._box = box
        self._clock = clock
        self._randomness = randomness
        self._proxy_for = proxy_for
        self._locks: dict[str, asyncio.Lock] = {}

    async def begin(self, server: str, settings: McpServerSettings, redirect_uri: str) -> SignIn:
        """Find out who grants access to a server, and where a person consents. Raises UPSTREAM_BROKEN, BAD_REQUEST."""
        address = settings.url or ""
        if not rules.is_fit(address):
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.no_sign_in", {"server": server}), {"param": "server"})
        resource = await self._resource(address)
        granter = await self._granter(resource.issuers[0], address)
        own = settings.oauth
        scopes = own.scopes or resource.scopes
        if own.client_id:
            client = rules.known_client(own.client_id, own.client_secret, granter)
        elif granter.register:
            body = rules.registration(redirect_uri, scopes)
            client = rules.read_registration(await self._json("POST", granter.register, address, body))
        else:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.no_client", {"server": server}), {"param": "server"})
        state, verifier = self._randomness.new_token(), self._randomness.new_token() + self._randomness.new_token()
        verifier = verifier[:128]
        url = rules.consent_address(granter, client, redirect_uri, state, verifier, resource.resource, scopes)
        return SignIn(server, address, url, state, redirect_uri, resource.resource, granter, client, Secret(verifier))

    async def finish(self, sign_in: SignIn, came: Redirected, query: Mapping[str, str] | None = None) -> None:
        """Turn what came back from the consent page into a grant. Raises BAD_REQUEST, UPSTREAM_ERROR."""
        if came.state is not None and came.state != sign_in.state:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.other_sign_in"), {"code": "state"})
        if query is not None:
            must_tell = sign_in.granter.tells_issuer
            if came.state is None or not rules.is_from(sign_in.granter.issuer, query, must_tell=must_tell):
                raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.other_sign_in"), {"code": "issuer"})
        if came.code is None:
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("mcp.not_consented", {"reason": came.error or "?"}))
        form = rules.code_form(came.code, sign_in.redirect_uri, sign_in.verifier.reveal(), sign_in.resource)
        tokens = await self._tokens(sign_in.granter.token, sign_in.address, sign_in.client, form)
        await self._keep(
            sign_in.server,
            Grant(
                sign_in.address,
                sign_in.resource,
                sign_in.granter.token,
                sign_in.client,
                tokens.access,
                self._clock.now() + tokens.expires_in,
                tokens.refresh,
            ),
        )

    async def forget(self, server: str) -> bool:
        """Forget what was granted. False: there was nothing."""
        there = await self._values.get(_key(server)) is not None
        await self._values.delete(_key(server))
        return there

    async def is_granted(self, server: str, address: str) -> bool:
        """Whether there is a grant for a server at that address."""
        grant = await self._grant(server)
        return grant is not None and grant.address == address

    async def bearer(self, server: str, address: str, refused: str | None = None) -> str | None:
        """The access token for a server; None: nobody has signed in to it. `refused` is one that it did not take: another is
        got. Raises what keeps that from being done."""
        async with self._locks.setdefault(server, asyncio.Lock()):
            grant = await self._grant(server)
            if grant is None or grant.address != address:
                return None
            fresh = grant.expires_at - _EARLY_SECONDS > self._clock.now()
            if fresh and grant.access.reveal() != refused:
                return grant.access.reveal()
            if grant.refresh is None:
                return grant.access.reveal() if grant.access.reveal() != refused else None
            try:
                return (await self._renewed(server, grant)).access.reveal()
            except GatewayError as error:
                if error.details.get("code") != "credential_revoked":
                    raise
                other = await self._grant(server)  # another process may have renewed it meanwhile
                if other is not None and other.access.reveal() != grant.access.reveal():
                    return other.access.reveal()
                _log.warning("mcp_sign_in_over", server=server)
                await self.forget(server)
                return None

    async def _renewed(self, server: str, grant: Grant) -> Grant:
        assert grant.refresh is not None
        form = rules.refresh_form(grant.refresh, grant.resource)
        tokens = await self._tokens(grant.token_address, grant.address, grant.client, form)
        renewed = Grant(
            grant.address,
            grant.resource,
            grant.token_address,
            grant.client,
            tokens.access,
            self._clock.now() + tokens.expires_in,
            tokens.refresh or grant.refresh,
        )
        await self._keep(server, renewed)
        return renewed

    async def _resource(self, address: str) -> ProtectedResource:
        """What the server says of itself: where its refusal points, else at the usual places, else its origin grants."""
        named = await self._named_place(address)
        places = [named] if named else rules.resource_addresses(address)
        for place in places:
            document = await self._found(place, address)
            if document is not None:
                return rules.read_resource(document, address)
        return ProtectedResource(address, (rules.root_of(address),))

    async def _named_place(self, address: str) -> str:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        body = write_request(1, "initialize", client_of("0"))
        call = UpstreamCall("POST", address, headers, body, _PATIENCE, proxy=self._proxy_for(address))
        answer = await self._transport.send(call)
        try:
            if answer.status != 401:
                return ""
            place = rules.metadata_address(answer.headers.get("www-authenticate", ""))
            return place if rules.is_fit(place) else ""
        finally:
            await answer.close()

    async def _granter(self, issuer: str, address: str) -> Granter:
        for place in rules.granter_addresses(issuer):
            document = await self._found(place, address)
            if document is not None:
                return rules.read_granter(document, issuer)
        if issuer == rules.root_of(address):
            return rules.unwritten_granter(issuer)
        raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.no_way_in", {"what": "issuer"}))

    async def _found(self, place: str, address: str) -> JsonObject | None:
        """A document; None: there is none."""
        try:
            return await self._json("GET", place, address)
        except GatewayError as error:
            if error.details.get("status") in (404, 405, 401, 403):
                return None
            raise

    async def _json(self, method: str, place: str, address: str, body: bytes | None = None) -> JsonObject:
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if body else {})
        status, data = await self._call(method, place, address, headers, body)
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError:
            document = None
        if status >= 300 or not isinstance(document, dict):
            words = Text("mcp.status", {"status": status, "reason": data.decode("utf-8", "replace")[:200]})
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, words, {"status": status})
        return document

    async def _tokens(self, place: str, address: str, client: Client, form: Mapping[str, str]) -> Tokens:
        headers, fields = rules.proof_of(client)
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        filled = {**form, **fields}
        secret = [
            filled[name] for name in ("code", "code_verifier", "refresh_token", "client_secret") if name in filled
        ]
        return read_tokens(*await self._call("POST", place, address, headers, urlencode(filled).encode()), secret)

    async def _call(
        self, method: str, place: str, address: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, bytes]:
        """Ask. What is not at the server's own origin passes the guard: a server could name any address of this network."""
        if not rules.is_fit(place):
            raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.no_way_in", {"what": "address"}))
        guarded = urlsplit(place).netloc.lower() != urlsplit(address).netloc.lower()
        call = UpstreamCall(
            method, place, headers, body, _PATIENCE, guarded=guarded, proxy=self._proxy_for(place), redirects=False
        )
        answer = await self._transport.send(call)
        try:
            return answer.status, await answer.read(_MOST_BYTES)
        finally:
            await answer.close()

    async def _keep(self, server: str, grant: Grant) -> None:
        document = {
            "address": grant.address,
            "resource": grant.resource,
            "tokenAddress": grant.token_address,
            "client": [
                grant.client.id,
                grant.client.secret.reveal() if grant.client.secret else "",
                grant.client.method,
            ],
            "access": grant.access.reveal(),
            "expiresAt": grant.expires_at,
            "refresh": grant.refresh.reveal() if grant.refresh else "",
        }
        sealed = await asyncio.to_thread(self._box.encrypt, orjson.dumps(document).decode())
        await self._values.put(_key(server), sealed)

    async def _grant(self, server: str) -> Grant | None:
        sealed = await self._values.get(_key(server))
        if not isinstance(sealed, str):
            return None
        found = orjson.loads(await asyncio.to_thread(self._box.decrypt, sealed))
        client_id, secret, method = found["client"]
        return Grant(
            found["address"],
            found["resource"],
            found["tokenAddress"],
            Client(client_id, Secret(secret) if secret else None, method),
            Secret(found["access"]),
            found["expiresAt"],
            Secret(found["refresh"]) if found["refresh"] else None,
        )


def _key(server: str) -> str:
    return f"mcp.sign_in/{server}"
