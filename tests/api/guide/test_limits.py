"""Who may come in to `/api/v1`, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.guide.conftest import begun, good, refused
from tests.api.guide.test_turns import SESSIONS, say
from tests.support.moved_clock import MovedClock
from tests.support.scripted_runs import REST
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

CRON = "/api/v1/cron/jobs"
STATUS = "/api/v1/system/status"


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[tuple[Gateway, MovedClock]]:
    """A gateway with the guide's own limits and a clock that a test moves."""
    with (
        MovedClock(tmp_path / "clock") as clock,
        running_gateway(settings({}), clock.environment, command=REST) as running,
    ):
        yield running, clock


def client_to(gateway: Gateway) -> httpx.Client:
    return httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE)


def test_sixty_requests_a_minute(limited: tuple[Gateway, MovedClock]) -> None:
    gateway, clock = limited
    with client_to(gateway) as client:
        for _ in range(60):
            good(client.get(STATUS))
        answer = client.get(STATUS)
        error = refused(answer, 429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= error["retryAfter"] <= 60 and answer.headers["retry-after"] == str(error["retryAfter"])
        assert str(error["retryAfter"]) in error["details"]
        assert client.get("/v1/models").status_code == 200, "the limits are of this interface alone"
        clock.advance(61)
        good(client.get(STATUS))


def test_tokens_and_context_of_a_minute(limited: tuple[Gateway, MovedClock]) -> None:
    gateway, clock = limited
    with client_to(gateway) as client:
        session = begun(client, "cost 150000")["sessionId"]
        resources = good(client.get(STATUS))["resources"]
        assert resources["tokenUsage"] == 150_005 and resources["contextUsage"] == 150_000
        good(say(client, session, "cost 60000"))
        error = refused(say(client, session, "more"), 429, "RATE_LIMIT_EXCEEDED")
        assert error["reason"] == "context_limit"
        refused(client.post(SESSIONS, json={"messages": [{"content": "x"}]}), 429, "RATE_LIMIT_EXCEEDED")
        good(client.get(f"{SESSIONS}/{session}"))  # reading takes no tokens
        clock.advance(61)
        good(say(client, session, "cost 1000"))
        assert good(client.get(STATUS))["resources"]["contextUsage"] == 1000


def test_a_request_that_is_repeated_takes_no_tokens_again(limited: tuple[Gateway, MovedClock]) -> None:
    with client_to(limited[0]) as client:
        body, headers = {"messages": [{"content": "cost 1000"}]}, {"idempotency-key": "once"}
        good(client.post(SESSIONS, json=body, headers=headers), 201)
        taken = good(client.get(STATUS))["resources"]["tokenUsage"]
        for _ in range(2):
            good(client.post(SESSIONS, json=body, headers=headers))
        assert good(client.get(STATUS))["resources"]["tokenUsage"] == taken > 1000


def test_a_key_is_needed(gateway: Gateway) -> None:
    with httpx.Client(base_url=gateway.base_url, timeout=PATIENCE) as client:
        for headers in ({}, {"authorization": "Bearer wrong-key-0123456789"}, {"authorization": "Basic eDp5"}):
            for method, path in (("GET", STATUS), ("GET", SESSIONS), ("POST", SESSIONS), ("DELETE", f"{SESSIONS}/x")):
                error = refused(client.request(method, path, headers=headers), 401, "UNAUTHORIZED")
                assert "Authorization" in error["details"]


def test_versions_and_request_ids(client: httpx.Client) -> None:
    for version in ("1.0", "v1.0", "1"):
        good(client.get(STATUS, headers={"openclaw-version": version}))
    error = refused(client.get(STATUS, headers={"openclaw-version": "2.0"}), 400, "INVALID_REQUEST")
    assert error["reason"] == "unsupported_version"
    answer = client.get(STATUS, headers={"x-request-id": "unique-request-id"})
    assert answer.headers["x-request-id"] == "unique-request-id"
    assert client.get(STATUS).headers["x-request-id"] != client.get(STATUS).headers["x-request-id"]


def test_the_state_of_the_system(client: httpx.Client) -> None:
    data = good(client.get(STATUS))
    assert data["gateway"] == "running" and data["version"]
    assert data["uptime"].endswith("s") and int(data["uptime"][:-1]) >= 0
    assert data["resources"].keys() == {"tokenUsage", "contextUsage", "queueDepth"}


def test_jobs_are_under_the_same_limit(tmp_path: Path) -> None:
    config = settings({}, gateway={"restApi": {"requestsPerMinute": 3}})
    with (
        MovedClock(tmp_path / "clock") as clock,
        running_gateway(config, clock.environment, command=clock.command) as gateway,
        client_to(gateway) as client,
    ):
        assert [client.get(path).status_code for path in (STATUS, CRON, STATUS)] == [200] * 3
        refused(client.get(CRON), 429, "RATE_LIMIT_EXCEEDED")
        clock.advance(61)
        assert client.get(CRON).status_code == 200
