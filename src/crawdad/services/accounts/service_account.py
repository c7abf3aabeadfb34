"""Google service accounts: reading the key that the operator gives, and signing with it.

RFC 7523; https://developers.google.com/identity/protocols/oauth2/service-account.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.services.accounts.oauth.protocol import checked_endpoint

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"
_AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom assertions are for: Google, by this name whatever the address that the key gives (as in Google's own clients)."""
_LONGEST_KEY = 64 * 1024
_LEAST_BITS, _MOST_BITS = 1024, 4096
_LIFE_SECONDS = 3600
_BACKDATED_SECONDS = 30
"""Assertions are dated back by this: a clock that is a little fast must not make them come from the future."""
_EMAIL = re.compile(r"[^\s@<>\x00-\x1f]{1,200}@[A-Za-z0-9.-]{1,200}\Z")
_PROJECT = re.compile(r"[a-z0-9][a-z0-9.:-]{0,100}\Z")
_LOCATION = re.compile(r"[a-z0-9-]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the JSON key of a service account holds. `private_key` is PEM."""

    email: str
    private_key: Secret
    key_id: str | None
    project: str | None
    token_uri: str


def read_service_account(text: str) -> ServiceAccount:
    """The key in `text`, in shape (whether it can sign shows when it does). Raises BAD_REQUEST in words that hold nothing
    of it."""
    try:
        document = orjson.loads(text) if len(text) <= _LONGEST_KEY else None
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise _wrong("json")
    kind = document.get("type")
    if kind != "service_account":
        # Keys that other programs' sign-ins leave behind ("authorized_user") are not the operator's own client's.
        raise _wrong("type", type=str(kind)[:40])
    email, key = document.get("client_email"), document.get("private_key")
    if not isinstance(email, str) or not _EMAIL.match(email):
        raise _wrong("field", field="client_email")
    if not isinstance(key, str) or "PRIVATE KEY-----" not in key:
        raise _wrong("field", field="private_key")
    project = _optional(document, "project_id")
    if project is not None and not _PROJECT.match(project):
        raise _wrong("field", field="project_id")
    token_uri = checked_endpoint(_optional(document, "token_uri") or TOKEN_URI)
    return ServiceAccount(email, Secret(key), _optional(document, "private_key_id"), project, token_uri)


def _optional(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 500:
        raise _wrong("field", field=name)
    return value


def checked_project(value: str) -> str:
    """A project's name as it may stand in a URL and a header. Raises BAD_REQUEST."""
    if not _PROJECT.match(value):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.project", {"value": value[:100]}), {"param": "project"})
    return value


def checked_location(value: str) -> str:
    """A location's name as it may stand in a host name. Raises BAD_REQUEST."""
    if not _LOCATION.match(value):
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.location", {"value": value[:100]}), {"param": "location"})
    return value


def sign_assertion(account: ServiceAccount, now: float) -> Secret:
    """A signed request for an access token, good for an hour from about `now` (Unix seconds). Takes a millisecond or two of
    arithmetic: call it in a thread. Raises BAD_REQUEST for a key that cannot sign."""
    import jwt

    issued = int(now) - _BACKDATED_SECONDS
    claims = {
        "iss": account.email,
        "scope": SCOPE,
        "aud": _AUDIENCE,
        "iat": issued,
        "exp": issued + _LIFE_SECONDS,
    }
    headers = {"kid": account.key_id} if account.key_id else None
    try:
        return Secret(jwt.encode(claims, _key(account.private_key.reveal()), "RS256", headers))
    except Exception:  # whatever a library finds wrong with a key must not carry the key along
        raise _wrong("key") from None


def _key(pem: str) -> RSAPrivateKey:
    """The private key. Raises ValueError.

    The library's own check tests whether the factors are prime, and holds up the whole process for some 30 ms while it
    does. What would lead arithmetic astray is looked at here instead; with factors that are not prime the signature is
    merely wrong.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey) or not _LEAST_BITS <= key.key_size <= _MOST_BITS:
        raise ValueError
    numbers = key.private_numbers()
    p, q, d, n, e = numbers.p, numbers.q, numbers.d, numbers.public_numbers.n, numbers.public_numbers.e
    whole = p * q == n and p % 2 and q % 2 and min(p, q) > 1 << 256 and 2 < e < 1 << 33 and e % 2
    if not whole or d * e % (p - 1) != 1 or d * e % (q - 1) != 1:
        raise ValueError
    if numbers.dmp1 != d % (p - 1) or numbers.dmq1 != d % (q - 1) or numbers.iqmp * q % p != 1:
        raise ValueError
    return key


def _wrong(what: str, **values: object) -> GatewayError:
    reason = Text(f"oauth.service_account.{what}", values)
    details = {"param": "serviceAccountJson", "code": "bad_service_account"}
    return GatewayError(ErrorKind.BAD_REQUEST, Text("oauth.service_account", {"reason": reason}), details)
