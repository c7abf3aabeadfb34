"""An OAuth 2.0 identity provider on loopback: consent pages, codes with PKCE, refresh, devices, service accounts, user info.

It checks what a strict provider checks and answers in Google's words. `browse` is a person who consents; `faults` go wrong.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import jwt
import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import PATIENCE

CLIENT_ID = "operator-1.apps.example"
CLIENT_SECRET = "GOCSPX-test-secret-of-the-client"
CODE_SECONDS = 300
TOKEN_SECONDS = 3600
INTERVAL = 1
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""Whom assertions are for, wherever they are sent."""
SERVICE_EMAIL = "robot@test-project-1.iam.gserviceaccount.com"


class OAuthFault(Exception):
    """An error answer: `(status, error, description)`."""


@dataclass
class Consent:
    """A code that was given out."""

    client_id: str
    redirect_uri: str
    challenge: str
    scope: str
    email: str
    expires: float
    used: bool = False


@dataclass
class Device:
    """A device that waits to be let in."""

    user_code: str
    client_id: str
    scope: str
    expires: float
    status: str = "pending"
    email: str = ""
    polled: float = float("-inf")
    interval: int = INTERVAL


@dataclass
class Refresh:
    """A refresh token."""

    client_id: str
    email: str
    scope: str
    alive: bool = True


@dataclass
class Faults:
    """What goes wrong, until it is put right."""

    status: int | None = None
    seconds: float = 0.0
    body: bytes | None = None
    no_refresh_token: bool = False
    rotate: bool = False
    echo: bool = False
    withhold_scope: str = ""
    strict_devices: bool = False
    """Whether the device endpoint wants the client's secret (RFC 8628, 3.1)."""


class TestIdentityProvider(LoopbackServer):
    """See the module. `email` is the person who sits before the browser."""

    __test__ = False

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock
        self.faults = Faults()
        self.email = "ann@example.com"
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.consents: dict[str, Consent] = {}
        self.devices: dict[str, Device] = {}
        self.refreshes: dict[str, Refresh] = {}
        self.accesses: dict[str, tuple[str, float]] = {}
        self._numbers = itertools.count(1)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def now(self) -> float:
        """The provider's time, in Unix seconds."""
        return self._clock()

    def settings(self, **more: Any) -> dict[str, Any]:
        """`oauth.google` of a gateway that trusts this provider."""
        return {
            "clientId": CLIENT_ID,
            "clientSecret": CLIENT_SECRET,
            "authUrl": self.url + "/authorize",
            "tokenUrl": self.url + "/token",
            "deviceUrl": self.url + "/device/code",
            "userinfoUrl": self.url + "/userinfo",
            **more,
        }

    def service_account(self, **changes: Any) -> dict[str, Any]:
        """The JSON key of a service account that this provider knows."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "test-project-1",
            "private_key_id": "key-1",
            "private_key": pem.decode(),
            "client_email": SERVICE_EMAIL,
            "token_uri": self.url + "/token",
            **changes,
        }

    def browse(self, url: str, email: str | None = None, deny: bool = False) -> str:
        """Consent on the page at `url` as `email`; where the browser is sent then."""
        query = {"as": email or self.email} | ({"deny": "1"} if deny else {})
        answer = httpx.get(url + "&" + urlencode(query), follow_redirects=False, timeout=PATIENCE)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def allow(self, user_code: str, email: str | None = None) -> None:
        """Somebody types a user code and consents."""
        device = next(device for device in self.devices.values() if device.user_code == user_code)
        device.status, device.email = "allowed", email or self.email

    def deny(self, user_code: str) -> None:
        """Somebody types a user code and refuses."""
        next(device for device in self.devices.values() if device.user_code == user_code).status = "denied"

    def issue_refresh_token(self, email: str | None = None) -> str:
        """A refresh token that was given out at some other time."""
        token = self._new("1//refresh")
        self.refreshes[token] = Refresh(CLIENT_ID, email or self.email, "openid email")
        return token

    def revoke(self, email: str) -> None:
        """The person takes back what they granted."""
        for refresh in self.refreshes.values():
            if refresh.email == email:
                refresh.alive = False

    def expire(self, email: str) -> None:
        """The access tokens of a person are over before their time."""
        self.accesses = {token: found for token, found in self.accesses.items() if found[0] != email}

    @property
    def grants(self) -> list[dict[str, str]]:
        """The forms that came to the token endpoint, in order."""
        return [dict(parse_qsl(entry.body.decode())) for entry in self.journal if entry.path == "/token"]

    def _new(self, kind: str) -> str:
        digest = hashlib.sha256(f"{id(self)}{next(self._numbers)}".encode()).hexdigest()[:24]
        return f"{kind}-{digest}"

    async def answer(self, request: Received, reply: Reply) -> None:
        """One request."""
        if self.faults.seconds and request.path != "/authorize":
            await asyncio.sleep(self.faults.seconds)
        if self.faults.body is not None and request.path != "/authorize":
            await reply.whole(self.faults.status or 200, self.faults.body)
            return
        if self.faults.status is not None and request.path != "/authorize":
            await reply.whole(self.faults.status, b"<html>no</html>", {"content-type": "text/html"})
            return
        try:
            if request.path == "/authorize":
                await reply.whole(302, b"", {"location": self._authorize(request.query)})
            elif request.method == "POST" and request.path == "/token":
                await reply.whole(200, self._token(_form(request)))
            elif request.method == "POST" and request.path == "/device/code":
                await reply.whole(200, self._device(_form(request)))
            elif request.path == "/userinfo":
                await reply.whole(200, self._person(request.headers.get("authorization", "")))
            else:
                await reply.whole(404, {"error": "not_found"})
        except OAuthFault as fault:
            status, error, description = fault.args
            if self.faults.echo:
                description += " " + request.body.decode()
            await reply.whole(status, {"error": error, "error_description": description})

    def _authorize(self, query: Mapping[str, str]) -> str:
        redirect, state = query.get("redirect_uri", ""), query.get("state", "")
        if query.get("client_id") not in self.clients or not redirect.startswith("http"):
            raise OAuthFault(401, "invalid_client", "The OAuth client was not found.")
        if query.get("response_type") != "code" or query.get("code_challenge_method") != "S256":
            raise OAuthFault(400, "invalid_request", "response_type and code_challenge_method are wrong")
        if len(query.get("code_challenge", "")) != 43 or len(state) < 16:
            raise OAuthFault(400, "invalid_request", "code_challenge or state is too short")
        if query.get("access_type") != "offline" or query.get("prompt") != "consent":
            raise OAuthFault(400, "invalid_request", "no refresh token will be given")
        if query.get("deny"):
            return f"{redirect}?{urlencode({'error': 'access_denied', 'state': state})}"
        code = self._new("4/0")
        scope = query["scope"].replace(self.faults.withhold_scope, "") if self.faults.withhold_scope else query["scope"]
        self.consents[code] = Consent(
            query["client_id"], redirect, query["code_challenge"], scope, query["as"], self.now + CODE_SECONDS
        )
        return f"{redirect}?{urlencode({'state': state, 'code': code, 'scope': scope})}"

    def _token(self, form: Mapping[str, str]) -> dict[str, Any]:
        grant = form.get("grant_type", "")
        if grant == JWT_BEARER:
            return self._redeem(form.get("assertion", ""))
        client = form.get("client_id", "")
        if client not in self.clients or form.get("client_secret") != self.clients[client]:
            raise OAuthFault(401, "invalid_client", "Unauthorized")
        if grant == "authorization_code":
            return self._code(form)
        if grant == "refresh_token":
            return self._refresh(form)
        if grant == DEVICE_CODE:
            return self._poll(form)
        raise OAuthFault(400, "unsupported_grant_type", f"Invalid grant_type: {grant}")

    def _code(self, form: Mapping[str, str]) -> dict[str, Any]:
        consent = self.consents.get(form.get("code", ""))
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if consent is None or consent.used or self.now > consent.expires:
            raise OAuthFault(400, "invalid_grant", "Malformed auth code.")
        consent.used = True
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != consent.challenge:
            raise OAuthFault(400, "invalid_grant", "Invalid code verifier.")
        if form.get("redirect_uri") != consent.redirect_uri or form.get("client_id") != consent.client_id:
            raise OAuthFault(400, "redirect_uri_mismatch", "Bad Request")
        return self._grant(consent.client_id, consent.email, consent.scope)

    def _refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        refresh = self.refreshes.get(form.get("refresh_token", ""))
        if refresh is None or not refresh.alive or refresh.client_id != form.get("client_id"):
            raise OAuthFault(400, "invalid_grant", "Token has been expired or revoked.")
        if self.faults.rotate:
            refresh.alive = False
            return self._grant(refresh.client_id, refresh.email, refresh.scope)
        return self._access(refresh.email, refresh.scope)

    def _device(self, form: Mapping[str, str]) -> dict[str, Any]:
        if form.get("client_id") not in self.clients:
            raise OAuthFault(401, "invalid_client", "The OAuth client was not found.")
        secret = form.get("client_secret")
        if secret != (self.clients[form["client_id"]] if self.faults.strict_devices else None):
            raise OAuthFault(401, "invalid_client", "Unauthorized")
        code = self._new("device")
        device = Device(f"ABCD-{next(self._numbers):04d}", form["client_id"], form["scope"], self.now + 600)
        self.devices[code] = device
        return {
            "device_code": code,
            "user_code": device.user_code,
            "verification_url": self.url + "/device",
            "expires_in": 600,
            "interval": INTERVAL,
        }

    def _poll(self, form: Mapping[str, str]) -> dict[str, Any]:
        device = self.devices.get(form.get("device_code", ""))
        if device is None:
            raise OAuthFault(400, "invalid_grant", "Malformed device code.")
        since, device.polled = self.now - device.polled, self.now
        if since < device.interval - 0.1:
            device.interval += 1
            raise OAuthFault(403, "slow_down", "Forbidden")
        if self.now > device.expires:
            raise OAuthFault(400, "expired_token", "Expired")
        if device.status == "denied":
            raise OAuthFault(403, "access_denied", "Forbidden")
        if device.status != "allowed":
            raise OAuthFault(428, "authorization_pending", "Precondition Required")
        device.status = "used"
        return self._grant(device.client_id, device.email, device.scope)

    def _redeem(self, assertion: str) -> dict[str, Any]:
        now = int(self.now)
        try:
            head = jwt.get_unverified_header(assertion)
            claims = jwt.decode(
                assertion,
                self._key.public_key(),
                algorithms=["RS256"],
                audience=AUDIENCE,
                options={"verify_exp": False, "verify_iat": False, "require": ["iss", "aud", "iat", "exp", "scope"]},
            )
        except jwt.PyJWTError as error:
            raise OAuthFault(400, "invalid_grant", f"Invalid JWT Signature. {type(error).__name__}") from None
        if claims["iss"] != SERVICE_EMAIL or head.get("kid") != "key-1":
            raise OAuthFault(400, "invalid_grant", "Invalid grant: account not found")
        if not (claims["iat"] <= now + 5 and claims["exp"] > now and claims["exp"] - claims["iat"] <= 3600):
            raise OAuthFault(
                400,
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe.",
            )
        return self._access(claims["iss"], claims["scope"])

    def _grant(self, client_id: str, email: str, scope: str) -> dict[str, Any]:
        answer = self._access(email, scope)
        if not self.faults.no_refresh_token:
            token = self._new("1//refresh")
            self.refreshes[token] = Refresh(client_id, email, scope)
            answer["refresh_token"] = token
        return answer

    def _access(self, email: str, scope: str) -> dict[str, Any]:
        token = self._new("ya29.access")
        self.accesses[token] = (email, self.now + TOKEN_SECONDS)
        return {"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer", "scope": scope}

    def knows(self, authorization: str) -> str | None:
        """Whose access token this is; None when it is none of ours or has expired."""
        email, expires = self.accesses.get(authorization.removeprefix("Bearer "), ("", 0.0))
        return email if authorization.startswith("Bearer ") and self.now < expires else None

    def _person(self, authorization: str) -> dict[str, Any]:
        email = self.knows(authorization)
        if email is None:
            raise OAuthFault(401, "invalid_request", "Invalid Credentials")
        return {
            "sub": hashlib.sha256(email.encode()).hexdigest()[:21],
            "email": email,
            "name": email.partition("@")[0].title(),
        }


def _form(request: Received) -> dict[str, str]:
    """A form whose every field stands once (RFC 6749, 3.2)."""
    found = parse_qs(request.body.decode(), keep_blank_values=True)
    if request.headers.get("content-type") != "application/x-www-form-urlencoded" or any(
        len(values) > 1 for values in found.values()
    ):
        raise OAuthFault(400, "invalid_request", "not a form")
    return {name: values[0] for name, values in found.items()}


def query_of(url: str) -> dict[str, str]:
    """The query of a URL."""
    return dict(parse_qsl(urlsplit(url).query))


def as_text(document: Mapping[str, Any]) -> str:
    """A key as it stands in its file."""
    return orjson.dumps(document).decode()
