"""Who hears what, and what becomes of those who do not read: the hub and its connections, with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import orjson

from crawdad.api.control.connection import Connection, Peer
from crawdad.api.control.health import Health, heartbeat
from crawdad.api.control.hub import Hub, guard_of
from crawdad.api.control.news import News
from crawdad.api.control.relays import RELAYS
from crawdad.core.devices import DEVICE_CLOSED, DEVICE_REQUESTED, DeviceToken
from crawdad.core.happenings import LAGGED, Event
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.settings import Settings
from crawdad.services.agents.run_news import CHAT_NEWS
from crawdad.services.devices.admission import Admission, Admitted
from crawdad.services.devices.pairing import Pairing
from crawdad.services.identity.door import Door, hash_credential
from crawdad.services.presence import MOST_ENTRIES, Presence, Self
from crawdad.services.tasks import Tasks
from crawdad.store.inprocess import InProcessBus
from crawdad.wire.control import frames
from tests.support.fakes import FakeClock, FakeRandomness

ADMIN = Principal("token", "token", "token", EVERYTHING)
OWN = Self("here", "here", "1", "linux", "Linux", "x86_64")


class Heard:
    """A client's end: what it was sent. While `reads` is not set it takes nothing."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        self.reads = asyncio.Event()
        self.reads.set()

    async def __call__(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "websocket.close":
            self.closed = (message["code"], message["reason"])
        else:
            self.sent.append(orjson.loads(message["text"]))

    @property
    def events(self) -> list[str]:
        return [frame["event"] for frame in self.sent]


class YieldingClock(FakeClock):
    """One whose sleep lets others run."""

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(0)


class House:
    """A hub and what belongs to it."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks
        self.clock = YieldingClock()
        self.bus = InProcessBus()
        self.door = Door(self.clock)
        self.door.replace({hash_credential("secret"): ADMIN}, True)
        settings = Settings()
        self.devices: dict[str, DeviceToken | None] = {}
        self.store = self
        pairing = cast(Pairing, self)
        self.admission = Admission(self.door, pairing, lambda: settings.gateway, self.clock, FakeRandomness())
        self.hub = Hub(self.bus, self.clock, self.admission, RELAYS)
        self.presence = Presence(OWN, self.bus, self.clock, "one")
        self.health = Health(lambda: settings, None, self.clock, "x.db")
        self.news = News(self.hub, self.presence, self.health, self.clock)

    async def everything(self) -> list[tuple[None, list[DeviceToken]]]:
        """`DeviceStore`: the devices with their tokens."""
        return [(None, [token]) for token in self.devices.values() if token is not None]

    def client(
        self, *scopes: str, role: str = "operator", limit: int = 100_000, device: str = ""
    ) -> tuple[Connection, Heard]:
        heard = Heard()
        connection = Connection(f"c{id(heard)}", Peer("127.0.0.1", "", "", True, False), heard, limit)
        connection.admitted = Admitted(ADMIN, role, scopes, device, credential="secret")
        self.tasks.start(connection.write(), "writer")
        self.hub.join(connection)
        return connection, heard


async def settled(turns: int = 20) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def _request(device_id: str = "d") -> Mapping[str, Any]:
    described = {"device_id": device_id, "public_key": "k"}
    return {
        "id": "r",
        "described": described,
        "role": "operator",
        "scopes": [],
        "repair": False,
        "at": 1.0,
        "reason": "x",
    }


async def test_events_go_to_those_who_may_hear_them() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        ends = {
            "nothing": house.client()[1],
            "reader": house.client("operator.read")[1],
            "porter": house.client("operator.pairing")[1],
            "approver": house.client("operator.approvals")[1],
            "admin": house.client("operator.admin")[1],
            "node": house.client("operator.admin", role="node")[1],
        }
        for event in (
            "tick",
            "agent",
            "chat",
            "presence",
            "device.pair.requested",
            "exec.approval.requested",
            "invented",
        ):
            house.hub.broadcast(event, {})
        await settled()
        read = ["tick", "agent", "chat", "presence", "invented"]
        everything = [
            "tick",
            "agent",
            "chat",
            "presence",
            "device.pair.requested",
            "exec.approval.requested",
            "invented",
        ]
        assert {name: heard.events for name, heard in ends.items()} == {
            "nothing": ["tick"],
            "reader": read,
            "porter": ["tick", "device.pair.requested"],
            "approver": ["tick", "exec.approval.requested"],
            "admin": everything,
            "node": ["tick"],
        }
        assert [frame["seq"] for frame in ends["porter"].sent] == [1, 2]


def test_an_event_that_nobody_thought_of_is_for_readers() -> None:
    assert guard_of("made.up") == "operator.read" and guard_of("tick") is None


async def test_what_no_json_holds_keeps_nobody_from_what_comes_then() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        _, heard = house.client("operator.read")
        tasks.start(house.hub.follow(), "events")
        await settled()
        for text in ("caf\udce9.txt", "well"):
            payload = {"sessionKey": "agent:main:main", "runId": "r", "state": "delta", "text": text}
            await house.bus.publish(Event(CHAT_NEWS, {"payload": payload, "only": ""}, 0.0))
        await settled()
        assert [frame["payload"]["text"] for frame in heard.sent] == ["well"]


async def test_it_ticks_every_half_minute() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        _, heard = house.client()
        ticking = tasks.start(house.hub.keep_ticking(), "ticks")
        await settled(60)
        ticking.cancel()
        assert set(heard.events) == {"tick"} and set(house.clock.slept) == {30.0}
        first, second = heard.sent[:2]
        assert second["payload"]["ts"] - first["payload"]["ts"] == 30_000


async def test_a_client_that_does_not_read_loses_what_it_can_do_without_and_then_its_place() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        slow, heard = house.client("operator.read", limit=2000)
        _, other = house.client("operator.read")
        heard.reads.clear()
        house.hub.broadcast("chat", {"text": "x" * 500})
        await settled()
        for _ in range(30):
            house.hub.broadcast("tick", {"ts": 1})
        await settled()
        assert not slow.closing and slow.backlog <= 2000
        for _ in range(5):
            house.hub.broadcast("chat", {"text": "x" * 500})
            await settled()
        assert slow.closing and slow.backlog == 0
        heard.reads.set()
        await settled()
        assert heard.closed == (1008, "slow consumer")
        assert len(other.events) == 36 and other.closed is None
        numbers = [frame["seq"] for frame in heard.sent]
        assert numbers == sorted(set(numbers))


async def test_who_waits_for_all_together_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr("crawdad.api.control.hub.MOST_BYTES", 5000)
    async with Tasks() as tasks:
        house = House(tasks)
        clients = [house.client("operator.read") for _ in range(10)]
        for _, heard in clients:
            heard.reads.clear()
        await settled()
        for _ in range(3):
            house.hub.broadcast("chat", {"text": "x" * 400})
        assert sum(connection.backlog for connection, _ in clients) <= 5000
        assert any(connection.closing for connection, _ in clients)
        assert not all(connection.closing for connection, _ in clients)


async def test_what_happens_in_another_process_is_told_here() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        tasks.start(house.hub.follow(), "follow")
        await settled()
        _, heard = house.client("operator.pairing")
        await house.bus.publish(Event(DEVICE_REQUESTED, {"request": _request()}, origin="another"))
        await house.bus.publish(Event(DEVICE_REQUESTED, {"request": {"of another": "version"}}, origin="another"))
        await house.bus.publish(Event(DEVICE_REQUESTED, {"request": _request("e")}, origin="another"))
        await settled()
        assert [frame["payload"]["deviceId"] for frame in heard.sent] == ["d", "e"]


async def test_what_ended_in_another_process_ends_here() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        tasks.start(house.hub.follow(), "follow")
        await settled()
        _, operator = house.client("operator.read", device="d")
        _, node = house.client(role="node", device="d")
        _, other = house.client("operator.read", device="e")
        gone = {"device_id": "d", "role": "node", "reason": "device token revoked", "by": "x"}
        await house.bus.publish(Event(DEVICE_CLOSED, gone))
        await settled()
        assert node.closed == (4001, "device token revoked") and operator.closed is other.closed is None
        await house.bus.publish(Event(DEVICE_CLOSED, {**gone, "role": None, "reason": "device removed"}))
        await settled()
        assert operator.closed == (4001, "device removed") and other.closed is None


async def test_what_ended_while_events_were_lost_ends_here_too() -> None:
    """As while the bus of a cluster is away: a device that was removed then must not stay."""
    async with Tasks() as tasks:
        house = House(tasks)
        house.devices = {"d": None, "e": DeviceToken("e", "operator", "s", (), 5.0), "f": None}
        house.devices["g"] = DeviceToken("g", "operator", "s", (), 5.0, rotated_at=9.0)
        house.devices["h"] = DeviceToken("h", "operator", "s", (), 5.0, revoked_at=9.0)
        tasks.start(house.hub.follow(), "follow")
        await settled()
        ends = {}
        for name in house.devices:
            connection, ends[name] = house.client("operator.read", device=name)
            connection.admitted = replace(connection.admitted, token="t" if name != "f" else "", issued_at=5.0)
        checking = tasks.start(house.hub.keep_checking(), "check")
        await settled()
        assert not any(heard.closed for heard in ends.values())
        await house.bus.publish(Event(LAGGED, {"lost": 0}))
        await settled()
        checking.cancel()
        gone = (4001, "credentials are no longer valid")
        told = {name: heard.closed for name, heard in ends.items()}
        assert told == {"d": gone, "e": None, "f": None, "g": gone, "h": gone}


async def test_who_lost_his_key_hears_nothing_more() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        _, heard = house.client("operator.read")
        house.door.replace({}, True)
        house.hub.broadcast("chat", {"text": "private"})
        await settled()
        assert heard.sent == [] and heard.closed == (4001, "credentials are no longer valid")


async def test_an_end_is_told_before_it_comes_and_to_latecomers() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        _, heard = house.client()
        house.hub.close("service restart")
        _, late = house.client()
        await settled()
        assert heard.events == ["shutdown"] and heard.closed == late.closed == (1012, "service restart")


async def test_many_who_come_at_once_are_not_told_of_each_other_one_by_one() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        _, heard = house.client("operator.read")
        for number in range(50):
            await house.presence.put(f"device{number}", {"host": "h", "reason": "connect"})
        await settled()
        assert heard.events == ["presence"]
        telling = tasks.start(house.news.keep_telling(), "news")
        await settled(60)
        telling.cancel()
        assert len(heard.sent[-1]["payload"]["presence"]) == 51
        assert heard.sent[-1]["stateVersion"]["presence"] == 51
        newcomer, news = house.client("operator.read")
        for _ in range(20):
            await house.news.health_changed(newcomer)
        await settled()
        assert heard.events.count("health") == 1 and news.events.count("health") == 20


async def test_presence_is_bounded_and_is_forgotten() -> None:
    clock, bus = FakeClock(), InProcessBus()
    presence = Presence(OWN, bus, clock, "one")
    for number in range(MOST_ENTRIES + 50):
        clock.advance(0.001)
        await presence.put(f"device{number}", {"host": f"h{number}"})
    listed = presence.listed()
    assert len(listed) == MOST_ENTRIES + 1 and listed[0]["mode"] == "gateway" and listed[1]["host"] == "h249"
    clock.advance(301)
    assert len(presence.listed()) == 1


async def test_processes_hear_of_each_others_clients() -> None:
    clock, bus = FakeClock(), InProcessBus()
    one, other = Presence(OWN, bus, clock, "one"), Presence(OWN, bus, clock, "other")
    async with Tasks() as tasks:
        tasks.start(one.follow(), "one")
        tasks.start(other.follow(), "other")
        await settled()
        await one.put("d", {"host": "h", "reason": "connect"})
        await settled()
        assert [entry["host"] for entry in other.listed()[1:]] == ["h"] and one.version == other.version == 2


async def test_the_pulse_of_agents_is_told_in_their_words() -> None:
    for every, wait in (("30m", 1_800_000), ("2h", 7_200_000), ("0m", None), ("90s", 90_000)):
        found = Settings.model_validate({"agents": {"defaults": {"heartbeat": {"every": every}}}})
        told = heartbeat(found)
        assert (told["enabled"], told["every"], told["everyMs"]) == (wait is not None, every, wait)
        assert "HEARTBEAT.md" in told["prompt"] and told["ackMaxChars"] > 0


async def test_what_goes_out_at_once_overtakes_nothing_that_waits() -> None:
    """A client that stops reading, and reads again: what was said to it comes in order, whichever way it went."""
    heard, flows = Heard(), True
    written: list[int] = []

    def write_now(text: bytes) -> bool:
        if flows:
            written.append(orjson.loads(text)["seq"])
            heard.sent.append(orjson.loads(text))
        return flows

    connection = Connection("c", Peer("127.0.0.1", "", "", True, False), heard, write_now=write_now)
    async with Tasks() as tasks:
        tasks.start(connection.write(), "writer")
        for number in range(1, 13):
            if number == 4:
                flows = False
                heard.reads.clear()
            if number == 7:
                await settled()  # the writer has one in its hands
                flows = True
            if number == 10:
                heard.reads.set()
                await settled()
            connection.tell(frames.event("tick", {"ts": number}))
        await settled()
        assert [frame["seq"] for frame in heard.sent] == list(range(1, 13))
        assert [frame["payload"]["ts"] for frame in heard.sent] == list(range(1, 13))
        assert written == [1, 2, 3, 10, 11, 12]
        connection.close(1012, "service restart")
        await settled()
        assert heard.closed == (1012, "service restart")


async def test_a_node_hears_of_the_sessions_that_it_asked_for() -> None:
    async with Tasks() as tasks:
        house = House(tasks)
        node, heard = house.client(role="node")
        node.sessions.add("agent:main:main")
        for key in ("agent:main:main", "agent:main:other"):
            house.hub.broadcast("chat", {"runId": "r", "sessionKey": key, "seq": 1, "state": "final"})
        house.hub.broadcast("presence", {"presence": []})
        await settled()
        assert [frame["payload"]["sessionKey"] for frame in heard.sent] == ["agent:main:main"]
