"""Making what was said fit to be kept: no credentials, no megabytes of base64. Pure; works on bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import quote

MASK = b"[redacted]"
_SHORTEST_SECRET = 8
_SHORTEST_RUN = 1024
_SHOWN_OF_RUN = 24
_MARGIN = 4096
"""How much is looked at beyond what is kept, so that the cut does not hide half of a secret from the rules."""

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{%d}" % _SHORTEST_RUN)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_=-]")

# What may follow the name of a secret: a value in quotes (which may be escaped, as in a tool's arguments), or a bare one.
_QUOTED = rb"""\\*["']?\s{0,9}[:=]\s{0,9}\\*["']([^"'\\\n]+)"""
_BARE = rb"""\s{0,9}[:=]\s{0,9}(?:(?:bearer|basic)\s+)?([^\s"'\\,;&{}\[]{6,})"""
_BARE_WITH_DIGIT = rb"""\s{0,9}[:=]\s{0,9}(?=[^\s0-9]*[0-9])([^\s"'\\,;&{}\[]{6,})"""
_VALUE = rb"(?:" + _QUOTED + rb"|" + _BARE + rb")"
_IN_QUERY = rb"""([^&\s"'\\#]{6,})"""
# Where a word may begin: in JSON a line break is a backslash and an n.
_WORD = rb"(?:(?<![A-Za-z0-9_])|(?<=\\[nrt])|(?<=\\u[0-9a-fA-F]{4})|(?<=%[0-9a-fA-F]{2}))"
_KINDS_OF_TOKEN = (b"access", b"refresh", b"id", b"auth", b"session", b"bearer", b"security", b"admin", b"api")
_BEFORE_TOKEN = b"|".join(b"(?<=" + kind + between + b")" for kind in _KINDS_OF_TOKEN for between in (b"", b"_", b"-"))
_PREFIXES = (
    *(
        b"sk-",
        b"sk_",
        b"rk_",
        b"pk_",
        b"gsk_",
        b"hf_",
        b"r8_",
        b"xai-",
        b"pplx-",
        b"tvly-",
        b"nvapi-",
        b"npm_",
        b"dop_v1_",
    ),
    *(b"glpat-", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_", b"xoxa-", b"xoxb-", b"xoxp-", b"xoxs-"),
    *(b"xapp-", b"AIza", b"ya29.", b"1//0", b"GOCSPX-", b"AKIA", b"ASIA"),
)
"""How vendors begin their keys."""
_ENCODED_PREFIXES = (b"c2st", b"QUl6Y", b"Z2hwX", b"QmVhcmVyI", b"QmFzaWMg")
"""The beginnings of `sk-`, `AIza`, `ghp_`, `Bearer ` and `Basic ` in base64."""


class _Rule(NamedTuple):
    """`anchor`, in lower case, is found quickly; `pattern` must match there. Its last group is what is not kept."""

    anchor: bytes
    pattern: re.Pattern[bytes]


def _rule(anchor: bytes, pattern: bytes, flags: int = re.IGNORECASE) -> _Rule:
    return _Rule(anchor.lower(), re.compile(pattern, flags))


_RULES = (
    _rule(b"private key-----", rb"private key-----(.*?)(?:-----end|\Z)", re.IGNORECASE | re.DOTALL),
    _rule(b"api", rb"api[_-]?key" + _VALUE),
    _rule(b"private", rb"private[_-]?key" + _VALUE),
    _rule(b"authorization", rb"authorization" + _VALUE),
    _rule(b"passw", rb"passw(?:or)?d" + _VALUE),
    _rule(b"passphrase", rb"passphrase" + _VALUE),
    _rule(b"secret", rb"secret(?:[_-]?(?:access[_-]?)?key)" + _VALUE),
    _rule(b"secret", rb"secret(?:" + _QUOTED + rb"|" + _BARE_WITH_DIGIT + rb")"),
    _rule(b"cookie", rb"cookie(?:" + _QUOTED + rb"|" + _BARE_WITH_DIGIT + rb")"),
    _rule(b"token", rb"(?:" + _BEFORE_TOKEN + rb")token" + _VALUE),
    _rule(b"token=", rb"token=" + _IN_QUERY),
    _rule(b"token%3d", rb"token%3d" + _IN_QUERY),
    _rule(b"key=", rb"(?:(?<=[?&])|(?<=%3f)|(?<=%26))key=" + _IN_QUERY),
    _rule(b"key%3d", rb"key%3d" + _IN_QUERY),
    _rule(b"signature=", rb"signature=" + _IN_QUERY),
    _rule(b"sig=", rb"(?<=[?&])sig=" + _IN_QUERY),
    _rule(b"bearer", rb"\bbearer(?:\s{1,4}|%20|\+)((?=[a-z._~+/=%-]*[0-9])[a-z0-9._~+/=%-]{12,})"),
    _rule(b"basic", rb"\bbasic(?:\s{1,4}|%20|\+)((?=[a-z._~+/=%-]*[0-9])[a-z0-9._~+/=%-]{12,})"),
    _rule(b"eyj", rb"(eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*)", 0),
    *(
        _rule(prefix, _WORD + rb"(" + re.escape(prefix) + rb"(?=[A-Za-z_.%-]*[0-9])[A-Za-z0-9_.%/+-]{12,})", 0)
        for prefix in _PREFIXES
    ),
    *(_rule(prefix, rb"(" + prefix + rb"[A-Za-z0-9+/_-]{12,}={0,2})", 0) for prefix in _ENCODED_PREFIXES),
)


def spellings(secret: bytes) -> list[bytes]:
    """A secret as it may stand in a text: plain, quoted for a URL, in base64 at any of its three offsets."""
    found = {secret, quote(secret, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret).rstrip(b"=")
        inner = encoded[(shift * 8 + 5) // 6 : (shift + len(secret)) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found, key=len, reverse=True)


def redacted(data: bytes, secrets: Iterable[bytes] = (), spelled: Iterable[bytes] = ()) -> bytes:
    """`data` without the given secrets, in any spelling, and without what looks like a credential. `spelled` are spellings of
    more secrets."""
    for spelling in spelled:
        if spelling in data:
            data = data.replace(spelling, MASK)
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            for spelling in spellings(secret):
                if spelling in data:
                    data = data.replace(spelling, MASK)
    lowered = data.lower()
    spans = sorted(span for rule in _RULES if rule.anchor in lowered for span in _spans(data, lowered, rule))
    pieces: list[bytes] = []
    end = 0
    for start, stop in spans:
        if start >= end:
            pieces += (data[end:start], MASK)
        end = max(end, stop)
    return b"".join((*pieces, data[end:])) if pieces else data


def _spans(data: bytes, lowered: bytes, rule: _Rule) -> Iterator[tuple[int, int]]:
    anchor, pattern = rule
    position = lowered.find(anchor)
    while position >= 0:
        found = pattern.match(data, position)
        if found is not None and found.lastindex is not None:
            yield found.span(found.lastindex)
        position = lowered.find(anchor, found.end() if found else position + 1)


def shortened(data: bytes, most: int) -> tuple[bytes, bool]:
    """The beginning of `data`, long base64 in it only hinted at: at most `most` bytes, and whether more was left out.

    What is hinted at does not count: a picture in the middle does not hide the question after it.
    """
    if len(data) <= _SHORTEST_RUN:
        return data[:most], len(data) > most
    pieces: list[bytes] = []
    size = start = 0
    while size < most and start < len(data):
        room = most - size
        run = _RUN.search(data, start, start + room + _SHORTEST_RUN)
        if run is None:
            pieces.append(data[start : start + room])
            size += len(pieces[-1])
            start += room
            break
        end = _end_of_run(data, run.end())
        hint = data[run.start() : run.start() + _SHOWN_OF_RUN] + b"...[%d characters]" % (end - run.start())
        pieces += (data[start : run.start()], hint)
        size += run.start() - start + len(hint)
        start = end
    return b"".join(pieces), start < len(data)


def fit(data: bytes, most: int, secrets: Iterable[bytes] = (), spelled: Iterable[bytes] = ()) -> tuple[bytes, bool]:
    """`data` as it may be kept, and whether something at its end was left out. The secrets are those of `redacted`."""
    beginning, more = shortened(data, most + _MARGIN)
    clean = redacted(beginning, secrets, spelled)
    return clean[:most], more or len(clean) > most


def _end_of_run(data: bytes, start: int) -> int:
    """Where the base64 ends. In JSON that is the next quote, which is found a hundred times faster than by looking at every
    character."""
    quoted = data.find(b'"', start)
    if quoted >= 0 and data.find(b" ", start, quoted) < 0 and data.find(b"\n", start, quoted) < 0:
        return quoted
    found = _NOT_BASE64.search(data, start)
    return len(data) if found is None else found.start()
