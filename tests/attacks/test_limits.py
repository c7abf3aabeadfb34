"""Pages, patterns and names are bounded, whatever a client asks for (attack 26)."""

from __future__ import annotations

import time
from urllib.parse import quote

import aiohttp
import orjson
import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.identity import Limits, Principal
from crawdad.core.listing import ListedModel
from crawdad.core.patterns import matches
from crawdad.core.settings import ModelsSettings, Settings
from crawdad.services.catalogue import plan_route
from crawdad.services.catalogue.offers import Catalogue, Provider, build_catalogue, listed_offer
from tests.attacks.clients import CLIENTS, Client, ask
from tests.support.server import Gateway

NUMBERS = [
    "0",
    "-1",
    "1",
    "101",
    "1e9",
    "99999999",
    "999999999999999999999999",
    "9" * 5000,
    "0" * 5000 + "1",
    "1.5",
    "NaN",
    "²",
    "٣",
    "1_000",
    " 1",
    "+1",
    "0x10",
    "",
    "' OR 1=1",
    "[]",
    "\x00",
]
PARAMETERS = [
    ("/v1/models", "limit"),
    ("/v1/models", "after_id"),
    ("/v1/models", "before_id"),
    ("/v1beta/models", "pageSize"),
    ("/v1beta/models", "pageToken"),
    ("/v1/responses/resp_x/input_items", "limit"),
    ("/v1/responses/resp_x/input_items", "after"),
    ("/v1/responses/resp_x/input_items", "order"),
    ("/v1/responses/resp_x?stream=true&", "starting_after"),
]


@pytest.mark.parametrize(("path", "name"), PARAMETERS)
@pytest.mark.parametrize("anthropic", [False, True])
async def test_page_parameters_are_taken_within_bounds_or_refused(
    gateway: Gateway, session: aiohttp.ClientSession, path: str, name: str, anthropic: bool
) -> None:
    """Attack 26: limits without bound, cursors of others, digits that only look like some."""
    headers = {**gateway.headers, **({"anthropic-version": "2023-06-01"} if anthropic else {})}
    for value in NUMBERS:
        url = f"{gateway.base_url}{path}{'' if path.endswith('&') else '?'}{name}={quote(value)}"
        async with session.get(url, headers=headers) as answer:
            body = await answer.read()
            assert answer.status in (200, 400, 404), (value[:20], answer.status, body)
            if answer.status == 200:
                document = orjson.loads(body)
                assert len(document.get("data") or document.get("models") or ()) <= 1000


@pytest.mark.parametrize("query", ["&".join(["a"] * 101), "&" * 5000, "a=" + "%" * 5000, "a[]=1&a[b]=2&a=" + "%ff%fe"])
@pytest.mark.parametrize("path", ["/v1/models", "/v1beta/models", "/v1/responses/resp_x/input_items", "/v1/models/x"])
async def test_queries_of_any_shape_are_read_or_refused(
    gateway: Gateway, session: aiohttp.ClientSession, path: str, query: str
) -> None:
    """Attack 26: too many parameters, broken escapes."""
    headers = {**gateway.headers, "anthropic-version": "2023-06-01"}
    async with session.get(f"{gateway.base_url}{path}?{query}", headers=headers) as answer:
        assert answer.status in (200, 400, 404), await answer.read()


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("*a" * 60 + "*b", "a" * 256),
        ("*" * 200 + "b", "a" * 256),
        ("(a+)+$", "a" * 256),
        ("*aab" * 60, "a" * 256),
    ],
)
def test_no_pattern_takes_long(pattern: str, name: str) -> None:
    """Attack 26: patterns are no regular expressions; the worst of them costs microseconds."""
    started = time.process_time()
    for _ in range(1000):
        assert not matches(pattern, name)
        assert not Limits((pattern,)).allow_model((name,))
    assert time.process_time() - started < 1


def test_a_pattern_means_its_letters() -> None:
    """Attack 26: `?`, brackets and dots stand for themselves; names of models hold such."""
    assert matches("claude-opus-4[1m]", "claude-opus-4[1m]")
    assert not matches("claude-opus-4[1m]", "claude-opus-41")
    assert not matches("gpt-?", "gpt-5") and not matches("gpt.5", "gpt-5")
    assert matches("gpt-*", "gpt-5") and not matches("gpt-*", "xgpt-5")


def catalogue() -> Catalogue:
    """Two thousand models, as an aggregator lists them."""
    provider = Provider("vendor", "http://127.0.0.1:1", "openai-chat", {})
    listed = [ListedModel(f"maker-{number % 40}/model-{number}-instruct") for number in range(2000)]
    assert listed_offer(provider, listed[0]).name
    return build_catalogue(Settings(models=ModelsSettings()), [(provider, None)], {"vendor": listed})


@pytest.mark.parametrize("name", ["model-77-instrukt", "vendor/maker-3/modell-1", "a" * 256, "model-" * 40, "-" * 200])
def test_a_mistyped_name_costs_little(name: str) -> None:
    """Attack 26: suggesting near names among thousands holds nobody up."""
    models = catalogue()
    anyone = Principal("key_1", "api_key")

    def ask_once() -> str:
        with pytest.raises(GatewayError) as unknown:
            plan_route(models, name, "openai-chat", anyone)
        return unknown.value.message()

    said = ask_once()
    if name == "model-77-instrukt":
        assert "model-77-instruct" in said
    started = time.process_time()
    for _ in range(10):
        ask_once()
    assert (time.process_time() - started) / 10 < 0.03


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", ["x" * 257, "x" * 5000, "a\tb", "a\u202eb", "\x7f", " ", "é" * 300])
async def test_names_that_no_model_has_are_refused(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client, name: str
) -> None:
    """Attack 26: long and unprintable names are no names."""
    told = await ask(session, gateway, client, name)
    assert told.status in (400, 404) and told.failed, told.brief()
    assert len(told.raw) < 2000
