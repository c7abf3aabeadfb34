"""Finding out which models there are: asking providers for their lists, and looking for local servers."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

import orjson

from crawdad.core.errors import GatewayError
from crawdad.core.listing import ListedModel
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.settings import Api, ProviderSettings
from crawdad.services.catalogue.offers import PROTOCOL_OF_API, Provider
from crawdad.services.turns.sources import endpoint, error_of_status
from crawdad.wire import codecs
from crawdad.wire.fields import parse_upstream
from crawdad.wire.model_lists import LIST_PATHS, read_model_list

Heard = Callable[[int, Mapping[str, str], bytes], object]
"""Told status, headers and body of an answer."""
LIST_LIMIT = 8 * 1024 * 1024
_PATIENCE = Timeouts(connect=3.0, first_byte=10.0, idle=10.0)
_PROBE_PATIENCE = Timeouts(connect=3.0, first_byte=30.0, idle=10.0)
_LOCAL_PATIENCE = Timeouts(connect=0.3, first_byte=1.0, idle=1.0)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """A model server that people run on their own machine, at its customary address."""

    id: str
    base_url: str
    api: Api


LOCAL_SERVERS = (
    LocalServer("ollama", "http://127.0.0.1:11434", "ollama"),
    LocalServer("lmstudio", "http://127.0.0.1:1234/v1", "openai-completions"),
    LocalServer("vllm", "http://127.0.0.1:8000/v1", "openai-completions"),
)


async def list_models(
    provider: Provider,
    transport: Transport,
    timeouts: Timeouts = _PATIENCE,
    heard: Heard | None = None,
    guarded: bool = False,
) -> list[ListedModel]:
    """The provider's own list. Raises `GatewayError` when it has none or refuses. `heard` learns from the answer; `guarded`:
    the address is a caller's."""
    if not provider.profile.list_paths:
        url = endpoint(provider.base_url, LIST_PATHS[provider.protocol])
        return await _list(
            provider, UpstreamCall("GET", url, {}, None, timeouts, guarded, provider.proxy), transport, heard
        )
    found: list[ListedModel] = []
    for path in provider.profile.list_paths:
        url = urljoin(provider.base_url, path)
        found += await _list(
            provider, UpstreamCall("GET", url, {}, None, timeouts, guarded, provider.proxy), transport, heard
        )
    return found


async def told_of_key(provider: Provider, transport: Transport) -> Any:
    """What a provider with a `key_path` says of the key. Raises as `list_models` does."""
    url = endpoint(provider.base_url, provider.profile.key_path)
    return await _fetched(
        provider, UpstreamCall("GET", url, {}, None, _PATIENCE, False, provider.proxy), transport, None
    )


async def probe_key(provider: Provider, transport: Transport) -> None:
    """Have the `key_probe` of a provider say one token, to see whether it takes the key. Raises as `list_models` does."""
    question = {"model": provider.profile.key_probe, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
    url = endpoint(provider.base_url, "/chat/completions")
    call = UpstreamCall("POST", url, {}, orjson.dumps(question), _PROBE_PATIENCE, False, provider.proxy)
    await _fetched(provider, call, transport, None)


async def _list(provider: Provider, call: UpstreamCall, transport: Transport, heard: Heard | None) -> list[ListedModel]:
    prices_from = call.url if provider.profile.lists_prices else ""
    return read_model_list(provider.protocol, await _fetched(provider, call, transport, heard), prices_from)


async def _fetched(provider: Provider, call: UpstreamCall, transport: Transport, heard: Heard | None) -> Any:
    headers = {**provider.headers, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
    answer = await transport.send(replace(call, headers=headers))
    try:
        body = await answer.read(LIST_LIMIT)
    finally:
        await answer.close()
    if heard is not None:
        heard(answer.status, answer.headers, body)
    if answer.status >= 300:
        raise error_of_status(answer.status, answer.headers, body, provider, codecs.get(provider.protocol))
    return parse_upstream(body)


async def find_local(
    transport: Transport, elsewhere: Mapping[str, str], vendors: Container[str]
) -> Mapping[str, tuple[ProviderSettings, list[ListedModel]]]:
    """The local servers that answer, with what they offer, by provider id. `elsewhere` has the base URLs of those that are
    not at their customary address; only `vendors` are looked for."""
    found: dict[str, tuple[ProviderSettings, list[ListedModel]]] = {}
    for server in LOCAL_SERVERS:
        if server.id not in vendors:
            continue
        base_url = elsewhere.get(server.id, server.base_url)
        provider = Provider(server.id, base_url, PROTOCOL_OF_API[server.api], {})
        try:
            models = await list_models(provider, transport, _LOCAL_PATIENCE)
        except GatewayError:
            continue  # nobody there, or somebody else: not finding one is the usual case
        if models:
            found[server.id] = (ProviderSettings(base_url=base_url, api=server.api, auth="none"), models)
    return found
