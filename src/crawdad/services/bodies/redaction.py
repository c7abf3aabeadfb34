"""Making what was said fit to be kept: no credentials, no megabytes of base64. Pure; works on bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

MASK = b"[redacted]"
_SHORTEST_SECRET = 8
_SHORTEST_RUN = 1024
_SHOWN_OF_RUN = 24
_MARGIN = 4096
"""How much is looked at beyond what is kept, so that the cut does not hide half of a secret from the rules."""

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{%d}" % _SHORTEST_RUN)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/_=-]")

_NAMES = (
    rb"(?:x-)?(?:goog-)?api[_-]?key|(?:proxy-)?authorization|x-admin-token|passw(?:or)?d|passphrase|client[_-]?secret|"
    rb"(?:aws[_-]?)?secret[_-]?(?:access[_-]?)?key|(?:access|refresh|id|auth|session|bearer|security)[_-]?token|"
    rb"private[_-]?key|(?:set-)?cookie"
)
_PREFIXES = (
    rb"(?:sk|rk|pk)[-_]|gsk_|hf_|r8_|xai-|pplx-|tvly-|nvapi-|npm_|dop_v1_|glpat-|gh[pousr]_|github_pat_|xox[abeprs]-|xapp-|"
    rb"AIza|ya29\.|1//0|GOCSPX-|AKIA|ASIA"
)
_RULES: tuple[tuple[tuple[bytes, ...], re.Pattern[bytes], bytes], ...] = (
    (
        (b"private key-----",),
        re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
        MASK,
    ),
    (
        (*(b"key", b"authorization", b"admin-token", b"passw", b"passphrase", b"secret", b"token", b"cookie"),),
        re.compile(
            rb"(?i)(?<![a-z0-9])((?:" + _NAMES + rb')\\*["\']?\s*[:=]\s*\\*["\'])(?!\\*["\'])[^"\'\\\n]+', re.DOTALL
        ),
        rb"\1" + MASK,
    ),
    (
        (*(b"key", b"authorization", b"admin-token", b"passw", b"passphrase", b"secret", b"token", b"cookie"),),
        re.compile(
            rb"(?i)(?<![a-z0-9])((?:"
            + _NAMES
            + rb")\s*[:=]\s*)(?![\"'{\[\\]|\[redacted)(?:(?:bearer|basic)\s+)?[^\s\"'\\,;&}]{6,}"
        ),
        rb"\1" + MASK,
    ),
    (
        (b"bearer", b"basic"),
        re.compile(rb"(?i)\b(bearer|basic)(\s+|%20|\+)(?=[a-z._~+/=%-]*[0-9])[a-z0-9._~+/=%-]{12,}"),
        rb"\1 " + MASK,
    ),
    (
        (b"key=", b"token=", b"signature=", b"secret=", b"key%3d", b"token%3d"),
        re.compile(
            rb"(?i)((?:[?&]|%3f|%26)(?:x-amz-|x-goog-)?(?:[a-z_-]*key|[a-z_-]*token|[a-z_-]*secret|signature|sig)(?:=|%3d))"
            rb"[^&\s\"'\\#]+"
        ),
        rb"\1" + MASK,
    ),
    (
        (
            *(
                b"sk-",
                b"sk_",
                b"rk_",
                b"rk-",
                b"pk_",
                b"pk-",
                b"gsk_",
                b"hf_",
                b"r8_",
                b"xai-",
                b"pplx-",
                b"tvly-",
                b"nvapi-",
            ),
            *(
                b"npm_",
                b"dop_v1_",
                b"glpat-",
                b"ghp_",
                b"gho_",
                b"ghu_",
                b"ghs_",
                b"ghr_",
                b"github_pat_",
                b"xox",
                b"xapp-",
            ),
            *(b"aiza", b"ya29.", b"1//0", b"gocspx-", b"akia", b"asia"),
        ),
        re.compile(rb"(?<![A-Za-z0-9_])(?:" + _PREFIXES + rb")(?=[A-Za-z_.%-]*[0-9])[A-Za-z0-9_.%/+-]{14,}"),
        MASK,
    ),
    ((b"eyj",), re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"), MASK),
    (  # the beginnings of "sk-", "AIza", "ghp_", "Bearer ", "Basic " in base64
        (b"c2st", b"qul6y", b"z2hwx", b"qmvhcmvy", b"qmfzawmg"),
        re.compile(rb"(?<![A-Za-z0-9+/])(?:c2st|QUl6Y|Z2hwX|QmVhcmVyI|QmFzaWMg)[A-Za-z0-9+/_-]{12,}={0,2}"),
        MASK,
    ),
)
"""`(what must occur, in lower case, for the rule to be worth trying; the rule; what takes its place)`."""


def spellings(secret: bytes) -> list[bytes]:
    """A secret as it may stand in a text: plain, quoted for a URL, in base64 at any of its three offsets."""
    found = {secret, quote(secret, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret).rstrip(b"=")
        inner = encoded[(shift * 8 + 5) // 6 : (shift + len(secret)) * 8 // 6]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return sorted(found, key=len, reverse=True)


def redacted(data: bytes, secrets: Iterable[bytes] = ()) -> bytes:
    """`data` without the given secrets, in any spelling, and without what looks like a credential."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            for spelling in spellings(secret):
                if spelling in data:
                    data = data.replace(spelling, MASK)
    lowered = data.lower()
    for hints, rule, instead in _RULES:
        if any(hint in lowered for hint in hints):
            data = rule.sub(instead, data)
    return data


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


def fit(data: bytes, most: int, secrets: Iterable[bytes] = ()) -> tuple[bytes, bool]:
    """`data` as it may be kept, and whether something at its end was left out."""
    beginning, more = shortened(data, most + _MARGIN)
    clean = redacted(beginning, secrets)
    return clean[:most], more or len(clean) > most


def _end_of_run(data: bytes, start: int) -> int:
    """Where the base64 ends. In JSON that is the next quote, which is found a hundred times faster than by looking at every
    character."""
    quoted = data.find(b'"', start)
    if quoted >= 0 and data.find(b" ", start, quoted) < 0 and data.find(b"\n", start, quoted) < 0:
        return quoted
    found = _NOT_BASE64.search(data, start)
    return len(data) if found is None else found.start()
