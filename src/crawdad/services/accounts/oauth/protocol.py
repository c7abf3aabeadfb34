"""What OAuth 2.0 says, as pure functions: URLs and forms that go out, answers that come back.

RFC 6749 (code grant, refresh), RFC 7636 (PKCE), RFC 7523 (JWT bearer), RFC 8628 (devices), RFC 8252 (native apps);
https://developers.google.com/identity/protocols/oauth2/native-app.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import orjson

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.secret import Secret
from crawdad.core.settings import GoogleSettings
from crawdad.core.text import Text
from crawdad.wire.fields import as_count, whole_number

LONGEST_INPUT = 8192
"""What somebody may paste, in characters."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LONGEST_REASON = 300
_LONGEST_LIFE = 86_400
_SHORTEST_SECRET = 6
_UNSAID_LIFE = 600
_UNSAID_INTERVAL = 5
_LONGEST_INTERVAL = 60
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint granted. `expires_in` is in seconds."""

    access: Secret
    expires_in: int
    refresh: Secret | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceGrant:
    """How a person lets a device in: they type `user_code` at `verification_url`. Times are in seconds."""

    device_code: Secret
    user_code: str
    verification_url: str
    complete_url: str | None
    expires_in: int
    interval: int


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in."""

    email: str
    name: str | None
    subject: str


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier: 43 characters that are safe in a URL."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(settings: GoogleSettings, redirect_uri: str, state: str, verifier: str) -> str:
    """Where a person consents. Asks for a refresh token, which Google gives only with both of `offline` and `consent`."""
    parts = urlsplit(settings.auth_url)
    query = [
        *parse_qsl(parts.query),
        ("client_id", settings.client_id or ""),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", " ".join(settings.scopes)),
        ("state", state),
        ("code_challenge", challenge(verifier)),
        ("code_challenge_method", "S256"),
        ("access_type", "offline"),
        ("prompt", "consent"),
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query), ""))


def code_form(settings: GoogleSettings, code: str, redirect_uri: str, verifier: str) -> dict[str, str]:
    """The form that turns a code into tokens."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    return form | _client(settings)


def refresh_form(settings: GoogleSettings, refresh: Secret) -> dict[str, str]:
    """The form that turns a refresh token into an access token."""
    return {"grant_type": "refresh_token", "refresh_token": refresh.reveal()} | _client(settings)


def device_form(settings: GoogleSettings, with_secret: bool) -> dict[str, str]:
    """The form that begins the device flow. RFC 8628 wants clients with a secret to prove themselves, Google does not."""
    client = _client(settings) if with_secret else {"client_id": settings.client_id or ""}
    return {"scope": " ".join(settings.scopes)} | client


def poll_form(settings: GoogleSettings, device_code: Secret) -> dict[str, str]:
    """The form that asks whether the person has consented."""
    return {"grant_type": _DEVICE_CODE, "device_code": device_code.reveal()} | _client(settings)


def assertion_form(assertion: Secret) -> dict[str, str]:
    """The form that turns a signed assertion into an access token."""
    return {"grant_type": JWT_BEARER, "assertion": assertion.reveal()}


def _client(settings: GoogleSettings) -> dict[str, str]:
    client = {"client_id": settings.client_id or ""}
    if settings.client_secret:
        client["client_secret"] = settings.client_secret.reveal()
    return client


def checked_endpoint(url: str) -> str:
    """`url`, if secrets may be sent there: https, or this machine. Raises BAD_REQUEST."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)
    if not host or not secure or parts.username is not None or parts.password is not None or _has_controls(url):
        raise bad_request("oauth.endpoint", url=url[:200])
    return url


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine."""
    return urlsplit(url).hostname in _LOOPBACK


def _has_controls(text: str) -> bool:
    return any(character.isspace() or not character.isprintable() for character in text)


def read_tokens(status: int, body: bytes, sent: Sequence[str] = ()) -> Tokens:
    """A token endpoint's answer. Raises `GatewayError`; what was `sent` in secret is masked in its words.

    Codes of errors: `credential_revoked` (the grant is no more), `oauth_client_refused`, `authorization_pending`, `slow_down`,
    `expired_token`, `access_denied`, `clock_skew`, and the provider's own for the rest.
    """
    document = _document(status, body, sent)
    access = document.get("access_token")
    if not isinstance(access, str) or not access or _has_controls(access):
        raise _unreadable("no access_token")
    refresh, scope = document.get("refresh_token"), document.get("scope")
    return Tokens(
        Secret(access),
        _seconds(document.get("expires_in"), _UNSAID_LIFE),
        Secret(refresh) if isinstance(refresh, str) and refresh else None,
        tuple(scope.split()) if isinstance(scope, str) else (),
    )


def read_device_grant(status: int, body: bytes, sent: Sequence[str] = ()) -> DeviceGrant:
    """The device endpoint's answer. Raises `GatewayError`."""
    document = _document(status, body, sent)
    # Google says `verification_url` where the RFC says `verification_uri`.
    url = document.get("verification_uri") or document.get("verification_url")
    device_code, user_code = document.get("device_code"), document.get("user_code")
    if not all(isinstance(value, str) and value for value in (device_code, user_code, url)):
        raise _unreadable("no device_code")
    complete = document.get("verification_uri_complete")
    return DeviceGrant(
        Secret(str(device_code)),
        str(user_code)[:100],
        _web_address(str(url)),
        _web_address(complete) if isinstance(complete, str) and complete else None,
        _seconds(document.get("expires_in"), _UNSAID_LIFE),
        min(_seconds(document.get("interval"), _UNSAID_INTERVAL), _LONGEST_INTERVAL),
    )


def _seconds(value: Any, unsaid: int) -> int:
    """A duration of at least a second; some providers write it as a string."""
    if isinstance(value, str):
        value = whole_number(value)
    return min(as_count(value) or unsaid, _LONGEST_LIFE)


def read_person(status: int, body: bytes, sent: Sequence[str] = ()) -> Person:
    """The user-info answer. Raises `GatewayError`; somebody without an e-mail address is told by their subject."""
    document = _document(status, body, sent)
    subject, email, name = document.get("sub") or document.get("id"), document.get("email"), document.get("name")
    subject = str(subject) if isinstance(subject, (str, int)) else ""
    label = email if isinstance(email, str) and email else subject
    if not label:
        raise _unreadable("no email and no sub")
    return Person(_plain(label), _plain(name) if isinstance(name, str) and name else None, subject[:200])


def _web_address(url: str) -> str:
    if not url.startswith(("https://", "http://")) or _has_controls(url):
        raise _unreadable("verification_url")
    return url[:2000]


def _plain(text: str) -> str:
    """A name from outside, without what could draw on a terminal or a page's layout."""
    return "".join(character for character in text if character.isprintable())[:200].strip()


def _document(status: int, body: bytes, sent: Sequence[str]) -> Mapping[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        parsed = None
    document: Mapping[str, Any] = parsed if isinstance(parsed, dict) else {}
    if status >= 300 or document.get("error"):
        raise _refused(status, document, sent)
    if not document:
        raise _unreadable("no JSON object")
    return document


_GRANT_GONE = frozenset({"invalid_grant"})
_CLIENT_REFUSED = frozenset({"invalid_client", "unauthorized_client", "deleted_client", "disabled_client"})
_DEVICE = frozenset({"authorization_pending", "slow_down", "expired_token", "access_denied"})
_SKEW_WORDS = ("short-lived", "timeframe", "issued in the future", "iat ", "expired")


def _refused(status: int, document: Mapping[str, Any], sent: Sequence[str]) -> GatewayError:
    code: Any = document.get("error")
    told: Any = document.get("error_description") or document.get("error_code")
    if isinstance(code, dict):  # Google's APIs (user info) have an error object of their own
        code, told = code.get("status"), code.get("message")
    code = _plain(code) if isinstance(code, str) else ""
    reason = _masked(_plain(told) if isinstance(told, str) else "", sent) or code or str(status)
    details: dict[str, Any] = {"status": status, "code": code or "oauth_error"}
    values = {"reason": reason[:_LONGEST_REASON]}
    if status == 429:
        return GatewayError(ErrorKind.RATE_LIMITED, Text("oauth.provider_error", values), details)
    if status >= 500:
        return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("oauth.provider_error", values), details)
    details["passing"] = False
    if code in _GRANT_GONE:
        skewed = "jwt" in reason.lower() and any(word in reason.lower() for word in _SKEW_WORDS)
        details["code"] = "clock_skew" if skewed else "credential_revoked"
        return GatewayError(ErrorKind.UPSTREAM_ERROR, Text(f"oauth.{details['code']}", values), details)
    if code in _CLIENT_REFUSED:
        details["code"] = "oauth_client_refused"
        return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("oauth.client_refused", values), details)
    if code in _DEVICE:
        return GatewayError(ErrorKind.UPSTREAM_ERROR, Text(f"oauth.{code}"), details)
    if code == "invalid_scope":
        return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("oauth.invalid_scope", values), details)
    return GatewayError(ErrorKind.UPSTREAM_ERROR, Text("oauth.provider_error", values), details)


def _masked(reason: str, sent: Sequence[str]) -> str:
    for value in sent:
        if len(value) >= _SHORTEST_SECRET:
            reason = reason.replace(value, "***")
    return reason


def _unreadable(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.unreadable", {"reason": reason}))


@dataclass(frozen=True, slots=True)
class Redirected:
    """What came back from the consent page: a code, or why there is none."""

    code: str | None = None
    state: str | None = None
    error: str | None = None


def read_redirect(query: Mapping[str, str]) -> Redirected:
    """The query of a callback."""
    error = query.get("error")
    return Redirected(query.get("code") or None, query.get("state") or None, _plain(error)[:100] if error else None)


def read_pasted(text: str) -> Redirected:
    """What a person pasted: the code alone, or the whole URL that the browser was sent to. Raises BAD_REQUEST."""
    text = text.strip()
    if not text or len(text) > LONGEST_INPUT:
        raise bad_request("oauth.pasted", "code")
    if "code=" in text or "error=" in text or "://" in text:
        query = text.partition("?")[2] or text.partition("#")[2] or text
        found = parse_qs(query.partition("#")[0])
        redirected = read_redirect({name: values[0] for name, values in found.items()})
        if redirected.code is None and redirected.error is None:
            raise bad_request("oauth.pasted", "code")
        return redirected
    if any(character.isspace() for character in text):
        raise bad_request("oauth.pasted", "code")
    return Redirected(code=unquote(text))
