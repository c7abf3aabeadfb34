"""Servers that would have us call addresses of this network, or believe what is not theirs, when somebody signs in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping

import orjson
import pytest

from crawdad.adapters.http import HttpTransport
from crawdad.adapters.secret_box import KeyedSecretBox
from crawdad.adapters.system import SystemRandomness
from crawdad.core.errors import GatewayError
from crawdad.core.mcp_settings import McpServerSettings
from crawdad.services.accounts.oauth.protocol import Redirected
from crawdad.services.mcp.signing_in import McpSignIns
from crawdad.store.database import Database
from crawdad.store.key_values import KeyValues
from tests.support.fakes import FakeClock
from tests.support.services import database, database_url, postgres_url
from tests.support.tool_calls import Web

__all__ = ["database", "database_url", "postgres_url"]
Pages = dict[str, tuple[int, Mapping[str, str], bytes]]
BACK = "http://127.0.0.1:1/oauth-callback"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web({}) as server:
        yield server


@pytest.fixture
async def sign_ins(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[McpSignIns]:
    box = KeyedSecretBox(str(tmp_path_factory.mktemp("box") / "secret.key"), None)
    async with HttpTransport("tests", lambda: False) as transport:
        yield McpSignIns(transport, KeyValues(database), box, FakeClock(), SystemRandomness(), lambda url: None)


def tell(web: Web, path: str, document: object) -> None:
    web.pages[path] = (200, {"content-type": "application/json"}, orjson.dumps(document))


def server(web: Web, resource: str | None = None) -> McpServerSettings:
    """A server whose refusal names `/described`, or the place that is given."""
    place = resource or f"{web.url}/described"
    web.pages["/mcp"] = (401, {"www-authenticate": f'Bearer resource_metadata="{place}"'}, b"")
    return McpServerSettings(url=f"{web.url}/mcp")


def describe(web: Web, **change: str) -> None:
    """The server grants access itself, but for the changes."""
    tell(web, "/described", {"resource": f"{web.url}/mcp", "authorization_servers": [web.url]})
    endpoints = {name: f"{web.url}/{name}" for name in ("authorization", "token", "registration")}
    document = {"issuer": web.url, **{f"{name}_endpoint": url for name, url in endpoints.items()}, **change}
    tell(web, "/.well-known/oauth-authorization-server", document)
    tell(web, "/registration", {"client_id": "me"})


async def test_no_other_address_of_this_network_is_called(sign_ins: McpSignIns, web: Web) -> None:
    with Web({}) as inner:
        for address in (f"{inner.url}/described", "https://169.254.169.254/latest", "https://[::1]:1/x"):
            with pytest.raises(GatewayError):
                await sign_ins.begin("shelf", server(web, address), BACK)
        settings = server(web)
        describe(web, registration_endpoint=f"{inner.url}/register")
        with pytest.raises(GatewayError):
            await sign_ins.begin("shelf", settings, BACK)
        describe(web, token_endpoint=f"{inner.url}/token")
        begun = await sign_ins.begin("shelf", settings, BACK)
        with pytest.raises(GatewayError):
            await sign_ins.finish(begun, Redirected("code", begun.state), {"state": begun.state})
        assert len(inner.journal) == 0


async def test_a_redirect_is_not_followed(sign_ins: McpSignIns, web: Web) -> None:
    settings = server(web)
    describe(web)
    web.pages["/described"] = (302, {"location": f"{web.url}/elsewhere"}, b"")
    with pytest.raises(GatewayError):
        await sign_ins.begin("shelf", settings, BACK)
    assert all(request.path != "/elsewhere" for request in web.journal)


async def test_an_address_that_is_not_safe(sign_ins: McpSignIns) -> None:
    for url in ("http://mcp.example.com/mcp", "ftp://127.0.0.1/x", ""):
        with pytest.raises(GatewayError, match="https"):
            await sign_ins.begin("shelf", McpServerSettings(url=url), BACK)


async def test_a_granter_that_takes_no_strangers(sign_ins: McpSignIns, web: Web) -> None:
    settings = server(web)
    describe(web, registration_endpoint="")
    with pytest.raises(GatewayError, match="clientId"):
        await sign_ins.begin("shelf", settings, BACK)
    own = McpServerSettings.model_validate({"url": f"{web.url}/mcp", "oauth": {"clientId": "known", "scopes": ["s"]}})
    begun = await sign_ins.begin("shelf", own, BACK)
    assert "client_id=known" in begun.url and "scope=s" in begun.url


async def test_a_grant_that_was_taken_back_is_forgotten(sign_ins: McpSignIns, web: Web) -> None:
    settings = server(web)
    describe(web)
    tell(web, "/token", {"access_token": "first", "refresh_token": "again", "expires_in": 30})
    begun = await sign_ins.begin("shelf", settings, BACK)
    await sign_ins.finish(begun, Redirected("code", begun.state), {"state": begun.state})
    assert await sign_ins.bearer("shelf", f"{web.url}/other") is None, "it is for that address alone"
    tell(web, "/token", {"access_token": "second", "expires_in": 3600})
    assert await sign_ins.bearer("shelf", f"{web.url}/mcp") == "second", "it would have ended within a minute"
    assert await sign_ins.bearer("shelf", f"{web.url}/mcp") == "second"
    web.pages["/token"] = (400, {}, orjson.dumps({"error": "invalid_grant"}))
    assert await sign_ins.bearer("shelf", f"{web.url}/mcp", "second") is None
    assert not await sign_ins.forget("shelf")
