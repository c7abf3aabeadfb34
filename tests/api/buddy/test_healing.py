"""What the gateway did about itself, through OpenClaw Buddy's contract: buddy.md §3.3, §3.4, §3.8."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import orjson
import pytest

from crawdad.core.healing import HealEvent
from crawdad.core.text import Text
from crawdad.store.database import open_database
from crawdad.store.healing import HealEventStore
from tests.api.buddy.asking import Buddy
from tests.support.server import Gateway, running_gateway, settings

REPORT = "fault_report_20261129_190323_plugin_73a1d9.md"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, backup={"timezone": "UTC"})) as found:
        yield found


@pytest.fixture(scope="module")
def event(gateway: Gateway) -> HealEvent:
    """Something that happened."""
    made = HealEvent(
        id="e1",
        at=1_795_979_003.5,
        cause="plugin",
        remedy="set_down_plugin",
        status="failed",
        subject="dice",
        seen=(Text("healing.seen.step", {"plugin": "dice"}),),
        difference="-secret",
        report=REPORT,
        verify_tries=3,
        verify_ms=9000,
        error=Text("healing.why.no_backup"),
    )

    async def put() -> None:
        async with open_database(f"sqlite:///{gateway.home / 'crawdad.db'}") as database:
            await HealEventStore(database, f"{socket.gethostname()}:{gateway.home}").put(made)

    asyncio.run(put())
    folder = gateway.home / "reports"
    folder.mkdir(exist_ok=True)
    (folder / REPORT).write_text("# a report\n")
    (folder / "secret.txt").write_text("no report")
    return made


def test_events_have_the_contracts_fields_and_more(gateway: Gateway, event: HealEvent) -> None:
    found = Buddy(gateway).ask("GET", "/v1/heal/events", headers={"accept-language": "en"}).json()["data"]
    told = next(each for each in found if each["id"] == event.id)
    expected = {
        "timestamp": "2026-11-29T19:03:23.500Z",
        "reason": "A plugin harms the process (dice)",
        "method": "setting down the plugin",
        "result": "Failed",
        "report_path": f"reports/{REPORT}",
        "verify_retries": 3,
        "verify_duration_ms": 9000,
        "verify_error": "There is no backup that can be put back.",
    }
    assert expected.items() <= told.items() and "difference" not in told


def test_reports_are_listed_and_read_by_their_names_alone(gateway: Gateway, event: HealEvent) -> None:
    buddy = Buddy(gateway)
    (row,) = [each for each in buddy.get("/v1/heal/reports") if each["name"] == event.report]
    assert set(row) == {"name", "size", "time"} and row["size"] == len("# a report\n")
    assert buddy.get(f"/v1/heal/reports/{REPORT}") == {"name": REPORT, "content": "# a report\n"}
    for name, status in (("secret.txt", 404), ("nothing.md", 404), ("..md", 400), ("..%5Copenclaw.json", 400)):
        buddy.refused(status, "GET", f"/v1/heal/reports/{name}")
    reader = buddy.key("system.read")
    assert reader.get("/v1/heal/reports")
    reader.refused(403, "GET", f"/v1/heal/reports/{REPORT}")


def test_the_switch_is_the_setting_and_is_noted(gateway: Gateway) -> None:
    buddy = Buddy(gateway)
    assert buddy.get("/v1/settings/self-healing") == {"enabled": True}
    assert buddy.good(buddy.ask("POST", "/v1/settings/self-healing", {"enabled": False})) == {"enabled": False}
    assert buddy.get("/v1/settings/self-healing") == {"enabled": False}
    assert orjson.loads((gateway.home / "openclaw.json").read_bytes())["healing"] == {"enabled": False}
    for body in ({"enabled": "no"}, {}, {"enabled": 1}):
        buddy.refused(400, "POST", "/v1/settings/self-healing", body)
    buddy.key("system.read").refused(403, "POST", "/v1/settings/self-healing", {"enabled": True})
    buddy.good(buddy.ask("POST", "/v1/settings/self-healing", {"enabled": True}))
