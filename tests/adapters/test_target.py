"""Reading URLs, and writing the heads of requests."""

from __future__ import annotations

import pytest

from crawdad.adapters.http.request_head import request_head
from crawdad.adapters.http.target import target_of


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("http://example.com", "example.com", 80, "example.com", "/"),
        ("https://Example.COM:443/v1?a=b", "example.com", 443, "example.com", "/v1?a=b"),
        ("http://example.com:443/", "example.com", 443, "example.com:443", "/"),
        ("HTTPS://a_b.internal:8443/x", "a_b.internal", 8443, "a_b.internal:8443", "/x"),
        ("http://[::1]:8080/x", "::1", 8080, "[::1]:8080", "/x"),
        ("http://[fe80::1%eth0]/x", "fe80::1%eth0", 80, "[fe80::1]", "/x"),
        ("https://bücher.example/ä?ö=ü#gone", "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/%C3%A4?%C3%B6=%C3%BC"),
        ("https://例子.测试/", "xn--fsqu00a.xn--0zwm56d", 443, "xn--fsqu00a.xn--0zwm56d", "/"),
        ("http://127。0。0。1/", "127.0.0.1", 80, "127.0.0.1", "/"),
        ("http://h/a%2Fb:c@d?x=%20[1]", "h", 80, "h", "/a%2Fb:c@d?x=%20[1]"),
    ],
)  # fmt: skip
def test_what_a_url_says(url: str, host: str, port: int, authority: str, path: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.authority, target.path) == (host, port, authority, path)
    assert target.secure is url.lower().startswith("https")


def test_user_and_password_make_a_header() -> None:
    assert target_of("http://a%40b:p%3Aq@h/").authorization == "Basic YUBiOnA6cQ=="
    assert target_of("http://h/").authorization is None


@pytest.mark.parametrize(
    "url",
    [
        "", "h", "/x", "//h/x", "ftp://h/", "file:///x", "http://", "http:///x", "http://:80/", "http://h:x/",
        "http://h:99999/", "http://[::1", "http://[v1.x]/", "http://a b/", "http://h/a b", "http://h/\r\nx: y", "http://h/\0",
        "http://h\\@x/", "http://h%00/", "http://h%2e/", "http://" + "a" * 300 + "/", "http://" + "ä" * 300 + "/",
    ],
)  # fmt: skip
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ValueError):
        target_of(url)


def head(headers: dict[str, str], url: str = "http://h/x", method: str = "POST", length: int | None = 2) -> str:
    return request_head(method, target_of(url), headers, length, "me/1").decode()


def test_a_head() -> None:
    said = "POST /x HTTP/1.1\r\nHost: h\r\nA: ü\r\nUser-Agent: me/1\r\nContent-Length: 2\r\n\r\n"
    assert head({"A": "ü"}) == said
    assert "Content-Length: 0" in head({}, length=None)
    assert "Content-Length" not in head({}, method="GET", length=None)


def test_headers_that_replace_ours_and_headers_that_may_not() -> None:
    said = head(
        {
            "HOST": "other",
            "user-agent": "them",
            "Content-length": "99",
            "Transfer-Encoding": "chunked",
            "connection": "x",
        }
    )
    assert said == "POST /x HTTP/1.1\r\nHOST: other\r\nuser-agent: them\r\nContent-Length: 2\r\n\r\n"
    assert "Basic" in head({}, "http://u:p@h/") and "Basic" not in head({"authorization": "Bearer x"}, "http://u:p@h/")


@pytest.mark.parametrize("name", ["a b", "a:", "", "ä", "a\r\nb", "a\0"])
def test_names_that_no_header_has(name: str) -> None:
    with pytest.raises(ValueError):
        head({name: "x"})


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\rb", "\0", "\ud800"])
def test_values_that_no_header_has(value: str) -> None:
    with pytest.raises(ValueError):
        head({"A": value})
