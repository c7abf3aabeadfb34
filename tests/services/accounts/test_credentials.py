"""Access tokens, against an identity provider on loopback that is itself tried with a client that we did not write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import google.auth.transport.requests
import google.oauth2.credentials
import google.oauth2.service_account
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from crawdad.adapters.http import HttpTransport
from crawdad.core.accounts import Account
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.secret import Secret
from crawdad.core.settings import GoogleSettings
from crawdad.services.accounts.credentials import AccessTokens
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.service_account import read_service_account, sign_assertion
from tests.support.fakes import FakeClock
from tests.support.identity_provider import CLIENT_ID, CLIENT_SECRET, SERVICE_EMAIL, TestIdentityProvider, as_text

clock = FakeClock(1_900_000_000.0)


@pytest.fixture
def idp() -> Iterator[TestIdentityProvider]:
    clock.time = 1_900_000_000.0
    with TestIdentityProvider(clock.now) as provider:
        yield provider


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport("crawdad/test") as opened:
        yield opened


def provider_at(idp: TestIdentityProvider, transport: HttpTransport, **more: Any) -> IdentityProvider:
    settings = GoogleSettings.model_validate(idp.settings(**more))
    return IdentityProvider(transport, lambda: settings, lambda url: None)


@pytest.fixture
def tokens(idp: TestIdentityProvider, transport: HttpTransport) -> AccessTokens:
    return AccessTokens(provider_at(idp, transport), clock)


def person(idp: TestIdentityProvider, email: str = "ann@example.com", **extra: str) -> Account:
    secret = Secret(idp.issue_refresh_token(email))
    return Account("a1", "google", "google_oauth", email, secret, 0.0, extra={"client_id": CLIENT_ID, **extra})


def robot(idp: TestIdentityProvider, **changes: Any) -> Account:
    secret = Secret(as_text(idp.service_account(**changes)))
    return Account("a2", "vertex", "vertex_service_account", SERVICE_EMAIL, secret, 0.0)


async def fails(tokens: AccessTokens, account: Account) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await tokens.headers(account)
    secret = account.secret.reveal() if account.secret else ""
    told = f"{caught.value} {caught.value.details} {caught.value.message('zh')}"
    assert secret not in told and CLIENT_SECRET not in told
    return caught.value


async def test_a_refresh_token_becomes_headers_that_are_kept(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp, project="pays-1")
    first = await tokens.headers(account)
    assert idp.knows(first["Authorization"]) == "ann@example.com" and first["x-goog-user-project"] == "pays-1"
    clock.advance(3299)
    assert await tokens.headers(account) is first and len(idp.grants) == 1
    clock.advance(2)
    second = await tokens.headers(account)
    assert second["Authorization"] != first["Authorization"] and len(idp.grants) == 2
    assert idp.grants[0]["grant_type"] == "refresh_token"


async def test_many_who_wait_ask_once(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    idp.faults.seconds = 0.05
    found = await asyncio.gather(*(tokens.headers(account) for _ in range(50)))
    assert len({headers["Authorization"] for headers in found}) == 1 and len(idp.grants) == 1


async def test_many_who_wait_share_a_failure(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    idp.faults.seconds, idp.faults.status = 0.05, 500
    found = await asyncio.gather(*(tokens.headers(account) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(error, GatewayError) and error.kind is ErrorKind.UPSTREAM_ERROR for error in found)
    assert len({id(error) for error in found}) == 50 and len(idp.grants) == 1


async def test_one_who_leaves_does_not_take_the_others_along(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    idp.faults.seconds = 0.05
    first = asyncio.create_task(tokens.headers(account))  # noqa: TID251
    second = asyncio.create_task(tokens.headers(account))  # noqa: TID251
    await idp.journal.until(lambda journal: len(journal) == 1)
    first.cancel()
    assert "Authorization" in await second
    assert first.cancelled() or first.cancelling()


async def test_a_revoked_grant_says_so(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    await tokens.headers(account)
    idp.revoke("ann@example.com")
    clock.advance(3500)
    error = await fails(tokens, account)
    assert (error.kind, error.details["code"], error.details["passing"]) == (
        ErrorKind.UPSTREAM_ERROR,
        "credential_revoked",
        False,
    )


async def test_what_is_left_of_a_token_serves_while_the_provider_is_away(
    idp: TestIdentityProvider, tokens: AccessTokens
) -> None:
    account = person(idp)
    first = await tokens.headers(account)
    clock.advance(3400)
    idp.faults.status = 503
    assert await tokens.headers(account) is first
    assert await tokens.headers(account) is first and len(idp.grants) == 2  # not asked again at once
    clock.advance(195)
    assert (await fails(tokens, account)).details.get("passing") is not False
    idp.faults.status = None
    assert (await tokens.headers(account))["Authorization"] != first["Authorization"]


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
async def test_a_clock_that_jumps_never_keeps_an_old_token(
    idp: TestIdentityProvider, transport: HttpTransport, jump: float
) -> None:
    class Jumping(FakeClock):
        offset = 0.0

        def now(self) -> float:
            return self.time + self.offset

    jumping = Jumping()
    tokens = AccessTokens(provider_at(idp, transport), jumping)
    account = person(idp)
    first = await tokens.headers(account)
    jumping.offset = jump
    jumping.advance(3400)
    assert await tokens.headers(account) is not first


async def test_a_rotated_refresh_token_is_kept_and_used(idp: TestIdentityProvider, transport: HttpTransport) -> None:
    kept: list[tuple[str, str]] = []
    failing = True

    async def rotated(account: Account, secret: Secret) -> None:
        if failing:
            raise GatewayError(ErrorKind.UNAVAILABLE, "the database is away")
        kept.append((account.id, secret.reveal()))

    idp.faults.rotate = True
    tokens = AccessTokens(provider_at(idp, transport), clock, rotated)
    account = person(idp)
    assert await tokens.headers(account)
    clock.advance(3400)
    failing = False
    assert await tokens.headers(account)
    alive = [token for token, refresh in idp.refreshes.items() if refresh.alive]
    assert kept == [("a1", alive[0])]
    clock.advance(3400)
    assert await tokens.headers(replace(account, secret=Secret(alive[0])))
    assert len(kept) == 2


async def test_an_account_that_signed_in_anew_gets_a_new_token(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    first = await tokens.headers(account)
    assert await tokens.headers(replace(account, secret=Secret(idp.issue_refresh_token()))) != first


async def test_a_forgotten_token_is_asked_for_again(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = person(idp)
    first = await tokens.headers(account)
    assert tokens.forget(account.id) and not tokens.forget(account.id) and not tokens.forget("nobody")
    second = await tokens.headers(account)
    assert second != first
    assert not tokens.forget(account.id)  # refused again at once: it is not the token
    assert await tokens.headers(account) is second
    clock.advance(61)
    assert tokens.forget(account.id)


async def test_another_client_s_token_is_not_sent_to_this_one(
    idp: TestIdentityProvider, transport: HttpTransport
) -> None:
    tokens = AccessTokens(provider_at(idp, transport, clientId="another"), clock)
    assert (await fails(tokens, person(idp))).details["code"] == "oauth_client_changed" and not idp.grants


async def test_a_client_that_is_refused(idp: TestIdentityProvider, transport: HttpTransport) -> None:
    tokens = AccessTokens(provider_at(idp, transport, clientSecret="wrong-secret"), clock)
    error = await fails(tokens, person(idp))
    assert error.details["code"] == "oauth_client_refused" and "wrong-secret" not in str(error)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b"{}", b'{"access_token":5}', b'{"access_token":"a\\nb"}', b'{"access_token":""}', b"\xff"],
)
async def test_answers_that_are_none(idp: TestIdentityProvider, tokens: AccessTokens, body: bytes) -> None:
    idp.faults.body = body
    assert (await fails(tokens, person(idp))).kind is ErrorKind.UPSTREAM_BROKEN


@pytest.mark.parametrize("life", [b'"3600"', b"3600.0", b"-5", b"null", b"1e300", b"[]", b"0"])
async def test_odd_lifetimes(idp: TestIdentityProvider, tokens: AccessTokens, life: bytes) -> None:
    idp.faults.body = b'{"access_token":"abc","expires_in":' + life + b"}"
    account = person(idp)
    assert await tokens.headers(account) is await tokens.headers(account)
    clock.advance(86_400)
    await tokens.headers(account)
    assert len(idp.grants) == 2


async def test_a_provider_that_tells_secrets_back_is_not_repeated(
    idp: TestIdentityProvider, tokens: AccessTokens
) -> None:
    idp.faults.echo = True
    idp.revoke("ann@example.com")
    account = person(idp)
    idp.revoke("ann@example.com")
    await fails(tokens, account)


async def test_nobody_is_there(idp: TestIdentityProvider, transport: HttpTransport) -> None:
    tokens = AccessTokens(provider_at(idp, transport, tokenUrl="http://127.0.0.1:9/token"), clock)
    assert (await fails(tokens, person(idp))).kind is ErrorKind.UPSTREAM_BROKEN


async def test_secrets_go_to_no_plain_address(idp: TestIdentityProvider, transport: HttpTransport) -> None:
    tokens = AccessTokens(provider_at(idp, transport, tokenUrl="http://idp.example/token"), clock)
    assert (await fails(tokens, person(idp))).details["passing"] is False


async def test_a_service_account_signs(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    account = robot(idp)
    headers = await tokens.headers(account)
    assert idp.knows(headers["Authorization"]) == SERVICE_EMAIL and "x-goog-user-project" not in headers
    assertion = idp.grants[0]["assertion"]
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3600 and claims["aud"] == "https://oauth2.googleapis.com/token"


@pytest.mark.parametrize(("fast", "code"), [(0, None), (25, None), (120, "clock_skew"), (-7200, "clock_skew")])
async def test_a_clock_that_is_wrong_disables_no_account(
    idp: TestIdentityProvider, transport: HttpTransport, fast: float, code: str | None
) -> None:
    wrong = FakeClock(clock.time + fast)
    tokens = AccessTokens(provider_at(idp, transport), wrong)
    if code is None:
        assert await tokens.headers(robot(idp))
    else:
        assert (await fails(tokens, robot(idp))).details["code"] == code


async def test_a_key_that_was_deleted(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    assert (await fails(tokens, robot(idp, private_key_id="gone"))).details["code"] == "credential_revoked"


def _elliptic() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def _broken(**changes: int) -> str:
    """A key whose numbers do not fit together."""
    numbers = rsa.generate_private_key(public_exponent=65537, key_size=1024).private_numbers()
    parts = {name: getattr(numbers, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")} | changes
    made = rsa.RSAPrivateNumbers(**parts, public_numbers=numbers.public_numbers)
    key = made.private_key(unsafe_skip_rsa_key_validation=True)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


@pytest.mark.parametrize("changes", [{"d": 7}, {"dmp1": 5}, {"dmq1": 1}, {"iqmp": 3}])
async def test_keys_whose_numbers_do_not_fit(
    idp: TestIdentityProvider, tokens: AccessTokens, changes: dict[str, int]
) -> None:
    error = await fails(tokens, robot(idp, private_key=_broken(**changes)))
    assert error.kind is ErrorKind.UPSTREAM_ERROR and not idp.grants


@pytest.mark.parametrize(
    "key", ["-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----\n", _elliptic()], ids=["broken", "elliptic"]
)
async def test_keys_that_cannot_sign(idp: TestIdentityProvider, tokens: AccessTokens, key: str) -> None:
    error = await fails(tokens, robot(idp, private_key=key))
    assert (error.kind, error.details["passing"]) == (ErrorKind.UPSTREAM_ERROR, False) and key not in str(error)
    assert not idp.grants


@pytest.mark.parametrize(
    "token_uri",
    [
        "http://169.254.169.254/token",
        "https://169.254.169.254/token",
        "https://10.0.0.1/token",
        "https://[::ffff:127.0.0.1]/token",
        "https://2130706433/token",
        "https://user:pw@oauth2.googleapis.com/token",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://evil.example/token",
        "//oauth2.googleapis.com/token",
        "https:///token",
        "https://a b/token",
    ],
)
async def test_assertions_go_to_no_private_address(
    idp: TestIdentityProvider, tokens: AccessTokens, token_uri: str
) -> None:
    error = await fails(tokens, robot(idp, token_uri=token_uri))
    assert error.kind in (ErrorKind.UPSTREAM_ERROR, ErrorKind.UPSTREAM_BROKEN) and not len(idp.journal)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "JSON"),
        ("[]", "JSON"),
        ("{}", "type"),
        ('{"type":"authorized_user","refresh_token":"x"}', "authorized_user"),
        ('{"type":"service_account"}', "client_email"),
        ('{"type":"service_account","client_email":"a@b.example"}', "private_key"),
        ('{"type":"service_account","client_email":"a@b\\r\\nx: y"}', "client_email"),
        ("x" * 70_000, "JSON"),
    ],
)
def test_what_is_no_key(text: str, word: str) -> None:
    with pytest.raises(GatewayError, match=word) as caught:
        read_service_account(text)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_kinds_without_tokens(idp: TestIdentityProvider, tokens: AccessTokens) -> None:
    assert (await fails(tokens, Account("a", "p", "api_key", "l", Secret("k" * 20), 0.0))).kind is ErrorKind.INTERNAL


def test_the_provider_satisfies_google_s_own_library(idp: TestIdentityProvider) -> None:
    """A side that we did not write: what it sends is accepted, so what the provider wants is what Google's clients say."""
    import datetime

    idp._clock = lambda: datetime.datetime.now(datetime.UTC).timestamp()
    request = google.auth.transport.requests.Request()
    credentials: Any = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=idp.issue_refresh_token(),
        token_uri=idp.url + "/token",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    credentials.refresh(request)
    assert idp.knows(f"Bearer {credentials.token}") == "ann@example.com"
    robots: Any = google.oauth2.service_account.Credentials
    signed = robots.from_service_account_info(
        idp.service_account(), scopes=["https://www.googleapis.com/auth/cloud-platform"]
    )
    signed.refresh(request)
    assert idp.knows(f"Bearer {signed.token}") == SERVICE_EMAIL
    theirs = jwt.decode(idp.grants[1]["assertion"], options={"verify_signature": False})
    key = read_service_account(as_text(idp.service_account()))
    ours = jwt.decode(sign_assertion(key, idp.now).reveal(), options={"verify_signature": False})
    assert ours.keys() == theirs.keys()
    assert (ours["aud"], ours["iss"], ours["scope"]) == (theirs["aud"], theirs["iss"], theirs["scope"])
