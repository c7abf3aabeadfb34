"""Which proxy the environment names for a URL (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib import request
from urllib.parse import urlsplit


def proxy_from_environment(environment: Mapping[str, str]) -> Callable[[str], str | None]:
    """A function from URL to proxy URL. Looked up once a provider, not once a request."""
    named = {name.lower(): value for name, value in environment.items() if name.lower().endswith("_proxy") and value}
    proxies = {name.removesuffix("_proxy"): value for name, value in named.items()}

    def proxy_for(url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not proxies or host in ("localhost", "127.0.0.1", "::1") or _bypassed(host, proxies):
            return None
        found = proxies.get(parts.scheme) or proxies.get("all")
        return found if found and found.startswith(("http://", "https://")) else None

    return proxy_for


def _bypassed(host: str, proxies: Mapping[str, str]) -> bool:
    # The standard library's own reading of NO_PROXY, which its type stubs leave out.
    bypass: Callable[[str, Mapping[str, str]], bool] = vars(request)["proxy_bypass_environment"]
    return bool(bypass(host, proxies))
