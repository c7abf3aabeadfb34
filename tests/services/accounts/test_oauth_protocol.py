"""What is pasted and what providers answer, whatever it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.settings import GoogleSettings
from crawdad.services.accounts.oauth import protocol
from crawdad.services.accounts.oauth.protocol import Redirected, read_pasted
from crawdad.services.accounts.service_account import checked_location, checked_project
from tests.support.identity_provider import query_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("access_token", "refresh_token", "expires_in", "scope", "error", "error_description", "status"),
                    *("device_code", "user_code", "verification_url", "interval", "email", "sub", "name", "message"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4/0AbCd-_x", Redirected("4/0AbCd-_x")),
        ("  4%2F0AbCd \n", Redirected("4/0AbCd")),
        ("http://127.0.0.1:5/oauth-callback?state=s&code=4/0a&scope=x", Redirected("4/0a", "s")),
        ("http://127.0.0.1:5/oauth-callback?code=4%2F0a&state=s#top", Redirected("4/0a", "s")),
        ("https://x.example/auth/callback?error=access_denied&state=s", Redirected(None, "s", "access_denied")),
        ("code=4/0a&state=s", Redirected("4/0a", "s")),
        ("?code=4/0a", Redirected("4/0a")),
    ],
)
def test_what_is_pasted(text: str, found: Redirected) -> None:
    assert read_pasted(text) == found


@pytest.mark.parametrize(
    "text", ["", "   ", "two words", "https://x.example/", "code=", "x" * 9000, "http://x/?state=s"]
)
def test_what_holds_no_code(text: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_pasted(text)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


@given(st.text(max_size=200) | st.text(alphabet="code=&?#%2F:/ state", max_size=60))
def test_anything_pasted_is_read_or_refused(text: str) -> None:
    try:
        found = read_pasted(text)
    except GatewayError as error:
        assert error.kind is ErrorKind.BAD_REQUEST
    else:
        assert found.code or found.error


@given(st.sampled_from([200, 201, 302, 400, 401, 403, 428, 429, 500, 503]), JSON | st.binary(max_size=30))
def test_any_answer_is_read_or_an_error(status: int, document: object) -> None:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    for read in (protocol.read_tokens, protocol.read_device_grant, protocol.read_person):
        try:
            read(status, body, ["secret-value"])
        except GatewayError as error:
            assert error.kind in (ErrorKind.UPSTREAM_ERROR, ErrorKind.UPSTREAM_BROKEN, ErrorKind.RATE_LIMITED)
            assert len(error.message()) < 800 and error.message("zh")


def test_an_authorization_url_keeps_what_the_settings_say() -> None:
    settings = GoogleSettings(client_id="c&d", auth_url="https://idp.example/auth?hd=example.com", scopes=("a", "b c"))
    url = protocol.authorization_url(settings, "http://127.0.0.1:5/cb?x=1", "s" * 43, "v" * 43)
    asked = query_of(url)
    assert url.startswith("https://idp.example/auth?hd=example.com&")
    assert (asked["client_id"], asked["redirect_uri"], asked["scope"]) == ("c&d", "http://127.0.0.1:5/cb?x=1", "a b c")
    assert asked["code_challenge"] == protocol.challenge("v" * 43) and "v" * 43 not in url


def test_the_challenge_is_that_of_the_rfc() -> None:
    """RFC 7636, appendix B."""
    verifier, told = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert protocol.challenge(verifier) == told


@pytest.mark.parametrize("value", ["", "a/b", "a b", "x\r\nHost: y", "UPPER", "é", "a" * 200, "../x", "-x"])
def test_names_that_go_into_urls(value: str) -> None:
    with pytest.raises(GatewayError):
        checked_project(value)
    if value != "-x":
        with pytest.raises(GatewayError):
            checked_location(value)
