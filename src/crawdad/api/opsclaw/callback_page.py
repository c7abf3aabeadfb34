"""The page that a browser sees when it comes back from a consent page: whether it worked, in both languages.

Nothing of the request is on it. Its one script tells the window that opened it, where that is a page of the same origin,
and takes the code out of the address bar.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape

from crawdad.core.text import LANGUAGES, Text

_SCRIPT = """
history.replaceState(null, "", location.pathname);
if (window.opener) window.opener.postMessage({ type: document.body.dataset.message }, location.origin);
"""
_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 36em; margin: 15vh auto; padding: 0 1em; color: #222; background: #fff }
h1 { font-size: 1.3em }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } }
"""


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_HEADERS: Mapping[str, str] = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": f"default-src 'none'; script-src {_hash(_SCRIPT)}; style-src {_hash(_STYLE)}; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def callback_page(problem: Text | None) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and HTML: for success, or for what went wrong."""
    title = Text("oauth.page.done" if problem is None else "oauth.page.failed")
    body = problem or Text("oauth.page.close")
    sections = "".join(
        f'<section lang="{"zh-CN" if language == "zh" else "en"}"><h1>{escape(title.render(language))}</h1>'
        f"<p>{escape(body.render(language))}</p></section>"
        for language in LANGUAGES
    )
    message = "oauth-success" if problem is None else "oauth-failure"
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Crawdad</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body data-message="{message}">{sections}<script>{_SCRIPT}</script></body></html>'
    )
    return (200 if problem is None else 400), _HEADERS, page.encode()
