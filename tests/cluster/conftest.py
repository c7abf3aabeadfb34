"""Two gateways of one cluster: processes and homes of their own, one PostgreSQL and one Redis between them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.cluster.pair import SECRET_KEY, Pair
from tests.support.server import running_gateway, settings
from tests.support.services import postgres_url, redis_url, shared_redis
from tests.support.upstreams.fixtures import scripted_upstream
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE

__all__ = ["postgres_url", "redis_url", "scripted_upstream", "shared_redis"]


@pytest.fixture(scope="module")
def pair(postgres_url: str, shared_redis: dict[str, str], scripted_upstream: ScriptedUpstream) -> Iterator[Pair]:
    """Both of them, in front of the scripted models."""
    models = scripted_upstream.models
    config = settings({"scripted": provider("chat", scripted_upstream.url, models, discover=False)})
    shared = {"CRAWDAD_DATABASE_URL": postgres_url, **shared_redis, "CRAWDAD_SECRET_KEY": SECRET_KEY}
    with running_gateway(config, shared) as first, running_gateway(config, shared) as second:
        clients = [
            httpx.Client(base_url=one.base_url, headers=one.headers, timeout=PATIENCE) for one in (first, second)
        ]
        with clients[0], clients[1]:
            yield Pair(first, second, clients[0], clients[1], shared)
