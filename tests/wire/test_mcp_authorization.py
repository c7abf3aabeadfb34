"""What servers say about signing in: what is believed, and what is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.secret import Secret
from crawdad.wire.mcp import authorization as rules
from crawdad.wire.mcp.authorization import Client, Granter

URL = "https://mcp.example.com/v1/mcp"
ISSUER = "https://login.example.com/tenant"
GRANTER: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize?x=1",
    "token_endpoint": f"{ISSUER}/token",
    "registration_endpoint": f"{ISSUER}/register",
    "code_challenge_methods_supported": ["S256"],
}


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (f'Bearer resource_metadata="{URL}/x"', f"{URL}/x"),
        (f'Bearer error="invalid_token", error_description="a, b", resource_metadata="{URL}/x"', f"{URL}/x"),
        (f"bearer realm=a, Resource_Metadata={URL}/x", f"{URL}/x"),
        ("Bearer", ""),
        ("", ""),
    ],
)
def test_a_refusal_names_a_place(header: str, address: str) -> None:
    assert rules.metadata_address(header) == address


def test_places_to_look() -> None:
    base = "https://mcp.example.com/.well-known/oauth-protected-resource"
    assert rules.resource_addresses(URL) == [f"{base}/v1/mcp", base]
    assert rules.resource_addresses("https://mcp.example.com/") == [base]
    assert rules.granter_addresses(ISSUER) == [
        "https://login.example.com/.well-known/oauth-authorization-server/tenant",
        "https://login.example.com/.well-known/openid-configuration/tenant",
        "https://login.example.com/tenant/.well-known/openid-configuration",
    ]


@pytest.mark.parametrize(
    "resource", [URL, "https://mcp.example.com", "https://mcp.example.com/v1", "https://MCP.example.com/v1/"]
)
def test_a_resource_that_is_the_server_or_holds_it(resource: str) -> None:
    found = rules.read_resource({"resource": resource, "authorization_servers": ["ftp://x", ISSUER]}, URL)
    assert found.issuers == (ISSUER,)


@pytest.mark.parametrize(
    "document",
    [
        {"resource": "https://other.example.com/v1/mcp", "authorization_servers": [ISSUER]},
        {"resource": "https://mcp.example.com/v1/m", "authorization_servers": [ISSUER]},
        {"resource": "http://mcp.example.com/v1/mcp", "authorization_servers": [ISSUER]},
        {"resource": URL, "authorization_servers": ["http://login.example.com"]},
        {"resource": URL},
        {"authorization_servers": [ISSUER]},
    ],
)
def test_a_resource_that_is_not_believed(document: dict[str, Any]) -> None:
    """A token for it could be one for another server."""
    with pytest.raises(GatewayError):
        rules.read_resource(document, URL)


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": None},
        {"token_endpoint": "http://login.example.com/token"},
        {"token_endpoint": "https://user@login.example.com/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
def test_a_granter_that_is_not_believed(change: dict[str, Any]) -> None:
    assert rules.read_granter(GRANTER, ISSUER).register.endswith("/register")
    with pytest.raises(GatewayError):
        rules.read_granter({**GRANTER, **change}, ISSUER)


def test_what_a_person_opens() -> None:
    granter = rules.read_granter(GRANTER, ISSUER)
    url = rules.consent_address(granter, Client("me"), "http://127.0.0.1:1/cb", "st", "v" * 43, URL, ["a", "b"])
    query = parse_qs(urlsplit(url).query)
    assert query["x"] == ["1"] and query["code_challenge_method"] == ["S256"] and query["state"] == ["st"]
    assert query["resource"] == [URL] and query["scope"] == ["a b"] and "v" * 43 not in url


def test_who_we_are() -> None:
    made = orjson.loads(rules.registration("http://127.0.0.1:1/cb", ["a"]))
    assert made["redirect_uris"] == ["http://127.0.0.1:1/cb"] and made["token_endpoint_auth_method"] == "none"
    assert rules.read_registration({"client_id": "x"}) == Client("x")
    with pytest.raises(GatewayError):
        rules.read_registration({"client_secret": "x"})
    assert rules.proof_of(Client("x")) == ({}, {"client_id": "x"})
    by_post = rules.known_client("x", Secret("s"), Granter("", "", ""))
    assert rules.proof_of(by_post) == ({}, {"client_id": "x", "client_secret": "s"})
    basic = rules.known_client("x:y", Secret("s"), Granter("", "", "", methods=("client_secret_basic",)))
    assert rules.proof_of(basic) == ({"Authorization": "Basic eCUzQXk6cw=="}, {})


def test_an_answer_of_another_granter() -> None:
    assert rules.is_from(ISSUER, {"iss": ISSUER}, must_tell=True) and rules.is_from(ISSUER, {}, must_tell=False)
    assert not rules.is_from(ISSUER, {"iss": "https://evil.example.com"}, must_tell=False)
    assert not rules.is_from(ISSUER, {}, must_tell=True)
