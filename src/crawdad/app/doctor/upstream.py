"""Checks of the world outside: each provider answers and accepts its key, and the clock agrees with theirs."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from crawdad.app.doctor.finding import Finding, Patient, fail, good, warn
from crawdad.app.words import LANGUAGE

if TYPE_CHECKING:
    from crawdad.core.errors import GatewayError
    from crawdad.core.ports import Transport
    from crawdad.core.settings import ProviderSettings

_SECONDS = 10.0
_MOST_BYTES = 16 * 1024 * 1024
_SKEW_WARN = 60.0
_SKEW_FAIL = 300.0


async def providers(patient: Patient) -> list[Finding]:
    """Ask every provider for its list of models, all at once. Leaves the clock offsets for the check after it."""
    if patient.settings is None or patient.offline:
        return []
    chosen = patient.settings.models.providers
    if not chosen:
        return [good("provider", "providers_none")]
    from crawdad import __version__
    from crawdad.adapters.http import HttpTransport
    from crawdad.adapters.proxies import proxy_from_environment

    proxy_for = proxy_from_environment(patient.launch.environment)
    async with HttpTransport(f"crawdad/{__version__}") as transport:
        asking = [
            _ask(transport, name, each, each.proxy or proxy_for(each.base_url), patient)
            for name, each in chosen.items()
        ]
        return list(await asyncio.gather(*asking))


async def prices(patient: Patient) -> list[Finding]:
    """Which of the configured models have a price."""
    if patient.settings is None:
        return []
    from crawdad.services.prices.configured import priced_models

    found = priced_models(patient.settings)
    unknown = [name for name, price in found if price is None]
    if not found:
        return []
    if unknown:
        return [good("prices", "prices_unknown", count=len(unknown), total=len(found), first=unknown[0])]
    return [good("prices", "prices_known", total=len(found))]


async def clock(patient: Patient) -> list[Finding]:
    """This machine's clock agrees with the providers' (their Date headers): tokens and signatures depend on it."""
    if not patient.clock_offsets:
        return []
    offset = sorted(patient.clock_offsets.values())[len(patient.clock_offsets) // 2]
    seconds = f"{offset:+.0f}"
    if abs(offset) >= _SKEW_FAIL:
        return [fail("clock", "clock_wrong", seconds=seconds)]
    if abs(offset) >= _SKEW_WARN:
        return [warn("clock", "clock_wrong", seconds=seconds)]
    return [good("clock", "clock_ok", seconds=seconds)]


async def _ask(
    transport: Transport, name: str, provider: ProviderSettings, proxy: str | None, patient: Patient
) -> Finding:
    from crawdad.core.errors import GatewayError
    from crawdad.core.ports import Timeouts, UpstreamCall

    url, headers = models_request(provider)
    patience = Timeouts(_SECONDS, _SECONDS, _SECONDS)
    try:
        answer = await transport.send(UpstreamCall("GET", url, headers, None, patience, proxy=proxy))
        try:
            _note_clock(patient, name, answer.headers.get("date"))
            body = json.loads(await answer.read(_MOST_BYTES)) if answer.status == 200 else None
        finally:
            await answer.close()
        return _judge(name, answer.status, body)
    except ValueError:
        return warn("provider", "provider_odd", name=name, url=url)
    except GatewayError as error:
        return fail("provider", "provider_unreachable", name=name, url=url, reason=_reason(error))


def _reason(error: GatewayError) -> object:
    text = error.text
    return text if isinstance(text, str) else text.values.get("reason") or text.render(LANGUAGE)


def models_request(provider: ProviderSettings) -> tuple[str, dict[str, str]]:
    """URL and headers of the call that lists a provider's models."""
    base = provider.base_url.rstrip("/")
    key = provider.api_key.reveal() if provider.api_key is not None and provider.auth == "api-key" else ""
    headers = {name: value.reveal() for name, value in provider.headers.items()}
    if provider.api == "anthropic-messages":
        url = f"{base.removesuffix('/v1')}/v1/models"
        headers |= {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    elif provider.api == "google-generative-ai":
        url = f"{base}/models"
        headers |= {"x-goog-api-key": key} if key else {}
    else:
        url = f"{base.removesuffix('/v1')}/api/tags" if provider.api == "ollama" else f"{base}/models"
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
    return url, headers


def _judge(name: str, status: int, body: Any) -> Finding:
    if status == 200:
        models = (body.get("data") or body.get("models") or []) if isinstance(body, dict) else body or []
        return good("provider", "provider_ok", name=name, count=len(models) if isinstance(models, list) else 0)
    if status in (401, 403):
        return fail("provider", "provider_denied", name=name, status=status)
    if status in (404, 405):
        return warn("provider", "provider_no_list", name=name, status=status)
    return warn("provider", "provider_trouble", name=name, status=status)


def _note_clock(patient: Patient, name: str, date: str | None) -> None:
    if date is None:
        return
    try:
        patient.clock_offsets[name] = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
