"""How a server says who grants access to it, and the requests that get that access. Pure.

Source: modelcontextprotocol.io/specification/2025-06-18/basic/authorization; RFC 9728 (protected resources), RFC 8414
(servers), RFC 7591 (registration), RFC 7636 (PKCE), RFC 8707 (resources), RFC 9207 (issuer of an answer).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.secret import Secret
from crawdad.core.text import Text

_PARAMETER = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_URL = 2000
_MOST_SCOPES = 100


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """What a server is called where access to it is granted, and who grants it."""

    resource: str
    issuers: tuple[str, ...]
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Granter:
    """A server that grants access. `register` is empty where it takes no clients that it does not know."""

    issuer: str
    authorize: str
    token: str
    register: str = ""
    methods: tuple[str, ...] = ()
    tells_issuer: bool = False


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are to it."""

    id: str
    secret: Secret | None = None
    method: str = "none"


def metadata_address(header: str) -> str:
    """The address that a refusal's `WWW-Authenticate` names; empty where it names none."""
    found = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(header)}
    return str(found.get("resource_metadata", ""))[:_LONGEST_URL]


def resource_addresses(url: str) -> list[str]:
    """Where a server's description is looked for when it names no place: by its path, then at the root."""
    return _well_known(url, "oauth-protected-resource")


def granter_addresses(issuer: str) -> list[str]:
    """Where a granter's description is looked for."""
    parts = urlsplit(issuer)
    path = parts.path.rstrip("/")
    found = _well_known(issuer, "oauth-authorization-server")[:1] + _well_known(issuer, "openid-configuration")[:1]
    if path:
        found.append(urlunsplit((parts.scheme, parts.netloc, f"{path}/.well-known/openid-configuration", "", "")))
    return found


def _well_known(url: str, name: str) -> list[str]:
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    base = f"/.well-known/{name}"
    return [
        urlunsplit((parts.scheme, parts.netloc, place, "", "")) for place in ([base + path] if path else []) + [base]
    ]


def root_of(url: str) -> str:
    """An address without its path: the granter of servers that describe nothing."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def read_resource(document: JsonObject, url: str) -> ProtectedResource:
    """A server's description of itself. One that describes another server is not believed. Raises UPSTREAM_BROKEN."""
    resource = document.get("resource")
    issuers = tuple(one for one in _texts(document.get("authorization_servers")) if is_fit(one))
    if not isinstance(resource, str) or not _covers(resource, url) or not issuers:
        raise _unusable("resource")
    return ProtectedResource(resource, issuers, _texts(document.get("scopes_supported"))[:_MOST_SCOPES])


def _covers(resource: str, url: str) -> bool:
    """Whether a resource is a server or what it lies below: the same origin, and a beginning of its path."""
    one, other = urlsplit(resource), urlsplit(url)
    if (one.scheme, one.netloc.lower()) != (other.scheme, other.netloc.lower()):
        return False
    path = one.path.rstrip("/")
    return other.path == path or other.path.startswith(f"{path}/") or (not path and not other.path)


def read_granter(document: JsonObject, issuer: str) -> Granter:
    """A granter's description. It must name itself as it was named, and know PKCE. Raises UPSTREAM_BROKEN."""
    named = document.get("issuer")
    authorize, token, register = (
        document.get(f"{name}_endpoint") for name in ("authorization", "token", "registration")
    )
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise _unusable("issuer")
    if not isinstance(authorize, str) or not isinstance(token, str) or not is_fit(authorize) or not is_fit(token):
        raise _unusable("endpoint")
    ways = document.get("code_challenge_methods_supported")
    if isinstance(ways, list) and "S256" not in ways:
        raise _unusable("code_challenge_methods_supported")
    return Granter(
        named,
        authorize,
        token,
        register if isinstance(register, str) and is_fit(register) else "",
        _texts(document.get("token_endpoint_auth_methods_supported")),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def unwritten_granter(root: str) -> Granter:
    """What servers without a description are taken to have."""
    return Granter(root, f"{root}/authorize", f"{root}/token", f"{root}/register")


def is_fit(url: str) -> bool:
    """Whether secrets may be sent to an address: https, or this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    plain = all(character.isprintable() and not character.isspace() for character in url)
    return bool(host) and safe and plain and parts.username is None and len(url) <= _LONGEST_URL


def registration(redirect_uri: str, scopes: Sequence[str]) -> bytes:
    """The request by which a granter gets to know us."""
    document: JsonObject = {
        "client_name": "Crawdad",
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }
    if scopes:
        document["scope"] = " ".join(scopes)
    return orjson.dumps(document)


def read_registration(document: JsonObject) -> Client:
    """What a granter calls us. Raises UPSTREAM_BROKEN."""
    client_id, secret = document.get("client_id"), document.get("client_secret")
    if not isinstance(client_id, str) or not client_id:
        raise _unusable("client_id")
    if not isinstance(secret, str) or not secret:
        return Client(client_id)
    method = document.get("token_endpoint_auth_method")
    return Client(client_id, Secret(secret), method if method == "client_secret_basic" else "client_secret_post")


def known_client(client_id: str, secret: Secret | None, granter: Granter) -> Client:
    """A client that was registered by hand."""
    if secret is None:
        return Client(client_id)
    posts = not granter.methods or "client_secret_post" in granter.methods
    return Client(client_id, secret, "client_secret_post" if posts else "client_secret_basic")


def consent_address(
    granter: Granter, client: Client, redirect_uri: str, state: str, verifier: str, resource: str, scopes: Sequence[str]
) -> str:
    """Where a person consents."""
    parts = urlsplit(granter.authorize)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = [
        *parse_qsl(parts.query),
        ("response_type", "code"),
        ("client_id", client.id),
        ("redirect_uri", redirect_uri),
        ("state", state),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("resource", resource),
        *([("scope", " ".join(scopes))] if scopes else []),
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def code_form(code: str, redirect_uri: str, verifier: str, resource: str) -> dict[str, str]:
    """The form that turns a code into tokens."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "resource": resource,
    }


def refresh_form(refresh: Secret, resource: str) -> dict[str, str]:
    """The form that turns a refresh token into an access token."""
    return {"grant_type": "refresh_token", "refresh_token": refresh.reveal(), "resource": resource}


def proof_of(client: Client) -> tuple[dict[str, str], dict[str, str]]:
    """What shows a granter that we are a client: headers, and fields of the form."""
    if client.secret is None:
        return {}, {"client_id": client.id}
    if client.method == "client_secret_basic":
        pair = f"{quote(client.id, safe='')}:{quote(client.secret.reveal(), safe='')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
    return {}, {"client_id": client.id, "client_secret": client.secret.reveal()}


def is_from(granter_issuer: str, query: Mapping[str, str], *, must_tell: bool) -> bool:
    """Whether what came back from a consent page is the granter's own: another's answer must not reach it."""
    told = query.get("iss")
    return told == granter_issuer if told is not None else not must_tell


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _unusable(what: str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("mcp.no_way_in", {"what": what}))
