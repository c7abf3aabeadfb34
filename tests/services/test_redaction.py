"""What is kept of bodies holds no credential in any spelling (attacks 20 and 53), and no megabytes."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.services.bodies.redaction import MASK, fit, redacted, shortened, spellings

SECRET = b"cd-planted/secret+7f3a=91"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"


def clean(text: str, *secrets: bytes) -> str:
    return redacted(text.encode(), secrets).decode()


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdEFGH1234567890abcdEFGH",
        "sk-ant-api03-abcdefghijklmnop-1234567890",
        "sk-crawdad-Zx81kd_93jd-kd82mMmma92",
        "AIzaSyA1234567890abcdefghijklmnopqrstuv",
        "ya29.a0AfH6SMBx1234567890abcdef",
        "ghp_1234567890abcdefghijklmnopqrstuvwx",
        "github_pat_11ABCDEFG0abcdefghij_1234567890",
        "xoxb-123456789012-abcdefghijkl",
        "glpat-abc123def456ghi789jk",
        "hf_abcdefghij1234567890KLMN",
        "gsk_abcdefghij1234567890KLMNOP",
        "AKIAIOSFODNN7EXAMPLE12",
        JWT,
        base64.b64encode(b"sk-proj-abcdEFGH1234567890").decode(),
        base64.b64encode(b"Bearer abcdefgh12345678").decode(),
    ],
)
@pytest.mark.parametrize(
    "text",
    ["{}", "the key is {}.", '{{"x": "{}"}}', "https://h/p?x={}&y=1", "({})", "a\n{}\nb", '"a\\n{}\\t"', "\\u003d{}"],
)
def test_what_looks_like_a_key_is_not_kept(secret: str, text: str) -> None:
    found = clean(text.format(secret))
    assert secret not in found and secret[6:-6] not in found and "[redacted]" in found


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('{"api_key": "hunter2hunter2"}', "hunter2hunter2"),
        ('{"apiKey":"hunter2hunter2","model":"m"}', "hunter2hunter2"),
        ('{"arguments": "{\\"password\\": \\"correct horse battery\\"}"}', "correct horse battery"),
        ('{"headers": {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}}', "dXNlcjpwYXNzd29yZA"),
        ("curl -H 'Authorization: Bearer abcdefgh-12345678' https://x", "abcdefgh-12345678"),
        ("curl -H 'x-api-key: abcdef123456' https://x", "abcdef123456"),
        ("export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMIK7MDENGbPxRfiCY", "wJalrXUtnFEMIK7MDENGbPxRfiCY"),
        ("GET /v1beta/models?key=abcdef123456&alt=sse", "abcdef123456"),
        ("https://s3/x?X-Amz-Signature=abcdef0123456789", "abcdef0123456789"),
        ("redirect=https%3A%2F%2Fh%2F%3Faccess_token%3Dabcdef12345", "abcdef12345"),
        ("refresh_token: 1//0gabcdefghijklmnop1234", "1//0gabcdefghijklmnop1234"),
        ("client_secret=GOCSPX-abcdefgh1234567", "GOCSPX-abcdefgh1234567"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nxyz\n-----END RSA PRIVATE KEY-----", "MIIEow"),
        ('"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg', "MIIEvQIBADANBg"),
        ("Cookie: session=abcdef123456", "abcdef123456"),
        ('{"secret": "correct horse"}', "correct horse"),
        ('{"OPENAI_API_KEY":"whatever it is"}', "whatever it is"),
        ("x-admin-token: abcdefgh", "abcdefgh"),
    ],
)
def test_what_stands_where_a_secret_stands_is_not_kept(text: str, secret: str) -> None:
    assert secret not in clean(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"max_tokens": 4096, "model": "gpt-5", "tool_choice": "auto"}',
        '{"token": " the", "logprob": -0.1, "bytes": [32]}',
        '{"properties": {"password": {"type": "string"}, "api_key": {"type": "string"}}}',
        "How do I reset my password, and what is a bearer token of good news?",
        "task-management-system-for-teams-2024 risk-assessment-of-the-year-2025",
        "The secret: patience. Her cookie: chocolate. The token: love",
        "Basic understanding of keyboards; the key to success = work",
        '{"usage": {"prompt_tokens": 12, "completion_tokens": 3}}',
        "私の鍵は秘密です。密码：不告诉你",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert clean(text) == text


@given(st.text(), st.text(), st.binary(min_size=8, max_size=40).map(base64.b64encode))
def test_a_known_secret_is_found_in_every_spelling(before: str, after: str, secret: bytes) -> None:
    head, tail = before.encode("utf-8", "replace"), after.encode("utf-8", "replace")
    plain = head + secret + tail
    wrapped = [plain, head + quote(secret, safe="").encode() + tail]
    for data in wrapped:
        assert secret not in redacted(data, [secret])


@pytest.mark.parametrize("shift", range(6))
def test_a_known_secret_is_found_in_base64_wherever_it_stands(shift: int) -> None:
    inside = base64.b64encode(b"x" * shift + SECRET + b"tail")
    for data in (inside, inside.replace(b"+", b"-").replace(b"/", b"_")):
        found = redacted(b'{"blob": "%b"}' % data, [SECRET])
        assert MASK in found
        left = len(found.replace(MASK, b"")) - len(b'{"blob": ""}')
        assert left <= len(data) - len(SECRET) * 8 // 6 + 1, "but for a few bits at its ends all of it is gone"
    assert len(spellings(SECRET)) >= 5


def test_a_picture_is_only_hinted_at_and_hides_nothing() -> None:
    picture = base64.b64encode(bytes(range(256)) * 8000)
    body = orjson.dumps({"image": f"data:image/png;base64,{picture.decode()}", "question": "what is that?"})
    kept, more = fit(body, 65536)
    assert not more and len(kept) < 400
    document = orjson.loads(kept)
    assert document["question"] == "what is that?"
    assert document["image"].startswith("data:image/png;base64,AAECAwQF") and "characters]" in document["image"]


def test_what_is_too_long_is_cut() -> None:
    text = b"word " * 100_000
    assert fit(text, 1000) == (text[:1000], True)
    assert fit(text[:1000], 1000) == (text[:1000], False)
    assert shortened(b"", 10) == (b"", False)


def test_the_cut_does_not_let_half_a_secret_through() -> None:
    secret = "sk-proj-" + "a1b2c3d4" * 12
    for shift in range(0, 120, 7):
        text = ("word " * 200)[: 1000 - shift] + " " + secret + " and more" * 1000
        kept, more = fit(text.encode(), 1000)
        assert more and b"a1b2c3d4" not in kept


def test_hostile_bodies_take_no_time() -> None:
    """Attack 26: no rule goes over the same bytes again and again."""
    for text in (
        b"-----BEGIN PRIVATE KEY-----" * 2000,
        b"authorization:" * 5000,
        b'password"' + b"\\" * 60_000,
        b"eyJ" + b"a." * 30_000,
        b"sk-" * 20_000,
        b"bearer " * 9000,
        b"&key" * 15_000,
        b"?" + b"a_" * 30_000,
        b"A" * 65_536,
        b"api_key" + b" " * 60_000,
    ):
        began = time.thread_time()
        fit(text, 65_536, [SECRET])
        assert time.thread_time() - began < 2, text[:20]
