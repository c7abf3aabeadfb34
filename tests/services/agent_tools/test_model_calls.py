"""Models asked on the side of a turn, through the real front door and a real upstream; the tools that do so."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import WorkspaceReader
from crawdad.adapters.http import HttpTransport
from crawdad.core.asking import Asker
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.media import File, ImageRequest
from crawdad.core.media_files import StoredMedia
from crawdad.core.parts import MediaPart, Part, TextPart
from crawdad.core.settings import Settings
from crawdad.services.agent_tools.image import ImageTool
from crawdad.services.agent_tools.image_generate import ImageGenerate
from crawdad.services.agent_tools.model_calls import ToolModelCalls
from crawdad.services.agent_tools.pictures import Pictures
from crawdad.services.catalogue import Offer
from crawdad.services.catalogue.live import LiveCatalogue
from crawdad.services.turns.dispatch import Dispatcher
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.passport import Ledger
from crawdad.services.turns.turn import Turn
from crawdad.wire.media.multipart import read_form
from tests.support.fakes import FakeClock, FakeJournal, FakeRandomness
from tests.support.tool_calls import PERSON, Web, context, words
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.stories import PIXEL

ASKER = Asker(PERSON, "agent:main:main")


class Upstream(LoopbackServer):
    """A model that sees, one that draws, one that embeds."""

    async def answer(self, request: Received, reply: Reply) -> None:
        body = {} if "multipart" in request.headers.get("content-type", "") else request.json
        if request.path == "/v1/images/generations":
            await reply.whole(200, {"data": [{"b64_json": PIXEL}] * body["n"]})
        elif request.path == "/v1/audio/transcriptions":
            form = read_form(request.body, request.headers["content-type"])
            file = form.file("file")
            assert file is not None and (form.get("model"), form.get("response_format")) == ("hears", "json")
            told = "boom" if file.data == b"bad" else f"{form.get('language')}: {len(file.data)} bytes of {file.name}"
            await reply.whole(200, {"text": told} if told != "boom" else {"words": []})
        elif request.path == "/v1/embeddings":
            data = [{"index": n, "embedding": [float(len(text)), 1.0]} for n, text in enumerate(body["input"])]
            await reply.whole(200, {"data": data, "usage": {"prompt_tokens": 3}})
        elif body["model"] == "blind":
            await reply.whole(400, {"error": {"message": "no pictures here"}})
        else:
            choice = {"index": 0, "message": {"role": "assistant", "content": "A red dot."}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 10, "completion_tokens": 4}
            await reply.whole(200, {"id": "x", "model": "sees", "choices": [choice], "usage": usage})


@dataclass
class Stage:
    calls: ToolModelCalls
    journal: FakeJournal
    upstream: Upstream
    transport: HttpTransport


class NoBudgets:
    async def reserve(self, turn: Turn, offers: Sequence[Offer]) -> Sequence[Offer]:
        return offers


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture
async def stage(upstream: Upstream) -> AsyncIterator[Stage]:
    models = [{"id": "sees"}, {"id": "blind"}, {"id": "draws", "kind": "image"}, {"id": "embeds", "kind": "embedding"}]
    models.append({"id": "hears", "kind": "audio"})
    provider = {"baseUrl": f"{upstream.url}/v1", "apiKey": "k", "models": models, "discover": False}
    settings = Settings.model_validate({"models": {"providers": {"p": provider}}, "retry": {"attempts": 1}})
    clock, randomness, journal = FakeClock(), FakeRandomness(), FakeJournal()
    async with HttpTransport("tests", lambda: True) as transport:
        live = LiveCatalogue(settings, transport, lambda url: None)
        ledger = Ledger(clock, journal, lambda exchange: None, lambda offer: None)
        front = ModelFront(
            catalogue=lambda: live.current,
            transport=transport,
            ledger=ledger,
            dispatcher=Dispatcher(ledger, NoBudgets(), clock, randomness, lambda: settings.retry),
            randomness=randomness,
            local_sources={},
        )
        yield Stage(ToolModelCalls(front, clock, randomness), journal, upstream, transport)


async def test_a_question_is_an_exchange_of_its_own(stage: Stage) -> None:
    parts: list[Part] = [TextPart("What is it?"), MediaPart("image", data=PIXEL, media_type="image/png")]
    assert await stage.calls.ask(ASKER, "p/sees", parts, system="Look.") == "A red dot."
    asked = stage.upstream.journal.last.json
    assert asked["messages"][0] == {"role": "system", "content": "Look."}
    assert asked["messages"][1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    (exchange,) = stage.journal.exchanges
    assert (exchange.principal_id, exchange.outcome, exchange.contract) == ("person", "completed", "agent")
    assert exchange.usage.input_tokens == 10 and exchange.model_resolved == "p/sees"


async def test_a_recording_is_written_down(stage: Stage) -> None:
    recording = File(b"RIFF....", "recording.wav", "audio/wav")
    told = await stage.calls.hear(ASKER, "p/hears", recording, language="zh")
    assert told == "zh: 8 bytes of recording.wav"
    (exchange,) = stage.journal.exchanges
    assert (exchange.operation, exchange.outcome, exchange.model_resolved) == ("transcriptions", "completed", "p/hears")
    with pytest.raises(GatewayError) as broken:
        await stage.calls.hear(ASKER, "p/hears", File(b"bad"))
    assert broken.value.kind is ErrorKind.UPSTREAM_BROKEN
    with pytest.raises(GatewayError) as deaf:
        await stage.calls.hear(ASKER, "p/draws", recording)
    assert deaf.value.kind is ErrorKind.BAD_REQUEST


async def test_pictures_and_vectors(stage: Stage) -> None:
    images = await stage.calls.draw(ASKER, ImageRequest("p/draws", "a dot", count=2, ratio="16:9"))
    assert [image.data for image in images] == [PIXEL, PIXEL]
    assert await stage.calls.embed(ASKER, "p/embeds", ["a", "bcd"]) == [[1.0, 1.0], [3.0, 1.0]]
    assert [exchange.outcome for exchange in stage.journal.exchanges] == ["completed", "completed"]


async def test_failures_are_told_and_written_down(stage: Stage) -> None:
    with pytest.raises(GatewayError, match="no pictures here"):
        await stage.calls.ask(ASKER, "p/blind", [TextPart("?")])
    with pytest.raises(GatewayError) as caught:
        await stage.calls.ask(ASKER, "p/none", [TextPart("?")])
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert [exchange.outcome for exchange in stage.journal.exchanges] == ["failed", "failed"]


def image_tool(stage: Stage, *models: str) -> ImageTool:
    return ImageTool(stage.calls, Pictures(stage.transport, WorkspaceReader()), lambda agent: models)


async def test_a_picture_is_looked_at_wherever_it_is(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(base64.b64decode(PIXEL))
    with Web({"/dot.png": (200, {"content-type": "image/png"}, base64.b64decode(PIXEL))}) as web:
        for source in ("dot.png", str(tmp_path / "dot.png"), f"{web.url}/dot.png", f"data:image/png;base64,{PIXEL}"):
            outcome = await image_tool(stage, "p/sees").run({"image": source, "prompt": "What?"}, context(tmp_path))
            assert words(outcome) == "A red dot." and outcome.untrusted
            parts = stage.upstream.journal.last.json["messages"][1]["content"]
            assert parts[1]["image_url"]["url"] == f"data:image/png;base64,{PIXEL}"


async def test_the_next_model_sees_what_the_first_cannot(stage: Stage) -> None:
    data = f"data:image/png;base64,{PIXEL}"
    outcome = await image_tool(stage, "p/blind", "p/sees").run({"images": [data, data]}, context())
    assert outcome.details == {"model": "p/sees", "images": 1}
    with pytest.raises(GatewayError, match="no pictures here"):
        await image_tool(stage, "p/blind").run({"image": data}, context())


async def test_what_is_no_picture(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.png").write_bytes(base64.b64decode(PIXEL))
    (tmp_path / "inside" / "link.png").symlink_to(tmp_path / "secret.png")
    (tmp_path / "inside" / "text.png").write_text("hello")
    tool, kinds = image_tool(stage, "p/sees"), {}
    for source in ("../secret.png", "link.png", "text.png", "none.png", "data:image/png,x", "data:image/png;base64,!"):
        with pytest.raises(GatewayError) as caught:
            await tool.run({"image": source}, context(tmp_path / "inside"))
        kinds[source] = caught.value.kind
    assert {source for source, kind in kinds.items() if kind is ErrorKind.NOT_FOUND} == {
        "../secret.png",
        "link.png",
        "none.png",
    }
    with pytest.raises(GatewayError) as caught:
        big = f"data:image/png;base64,{'A' * 400_000}"
        await tool.run({"image": big, "maxBytesMb": 0.1}, context(tmp_path))
    assert caught.value.kind in (ErrorKind.TOO_LARGE, ErrorKind.BAD_REQUEST)
    assert len(stage.upstream.journal) == 0
    with pytest.raises(GatewayError, match="imageModel"):
        await image_tool(stage).run({"image": f"data:image/png;base64,{PIXEL}"}, context())


class Shelf:
    """`MediaStore` in memory."""

    def __init__(self) -> None:
        self.saved: list[tuple[bytes, str, str, str]] = []

    async def save(self, data: bytes, media_type: str, name: str, owner: str) -> StoredMedia:
        self.saved.append((data, media_type, name, owner))
        return StoredMedia(f"m{len(self.saved)}", f"/media/m{len(self.saved)}", media_type, len(data))


async def test_pictures_are_drawn_and_put_away(stage: Stage) -> None:
    shelf = Shelf()
    tool = ImageGenerate(stage.calls, shelf, lambda agent: ["p/draws"])
    outcome = await tool.run({"prompt": "a dot", "count": 2, "size": "1024x1024"}, context())
    assert words(outcome) == "Picture 1: /media/m1\nPicture 2: /media/m2"
    assert shelf.saved[0] == (base64.b64decode(PIXEL), "image/png", "picture-1.png", "person")
    assert stage.upstream.journal.last.json["prompt"] == "a dot"
    arguments: dict[str, Any] = {"prompt": "x"}
    with pytest.raises(GatewayError, match="draws pictures"):
        await ImageGenerate(stage.calls, shelf, lambda agent: []).run(arguments, context())
