"""OpenAI's SDK beyond conversation: embeddings, pictures, sound, lists of models, and completions of plain prompts."""

from __future__ import annotations

import io
from typing import Any

import pytest
from openai import BadRequestError, NotFoundError

from tests.e2e.material import PNG
from tests.e2e.openai_clients import OpenAIClients
from tests.e2e.sources import Source
from tests.support.upstreams.services import SPEECH, TRANSCRIPT, VECTOR
from tests.support.upstreams.stories import PIXEL

OPENAI = ("chat", "responses")


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(openai: OpenAIClients, source: Source, encoding: Any) -> None:
    request: dict[str, Any] = {"model": source.other("text-embedding-3-small"), "input": ["one", "two"]}
    if source.protocol == "anthropic":
        with pytest.raises(BadRequestError, match="embeddings"):
            openai.sync.embeddings.create(**request)
        return
    if encoding == "float":
        answer = openai.sync.embeddings.create(**request, encoding_format="float")
        assert openai.run(openai.asynchronous.embeddings.create(**request, encoding_format="float")) == answer
    else:  # without a word about it, the SDK asks for base64 and decodes it: after the validation, which wants numbers
        answer = openai.lenient.embeddings.create(**request)
    assert [(entry.index, entry.embedding) for entry in answer.data] == [(0, list(VECTOR)), (1, list(VECTOR))]
    assert answer.model == request["model"]


@pytest.mark.parametrize("model", ["gpt-image-1", "imagen-4.0"])
def test_pictures_are_drawn(openai: OpenAIClients, source: Source, model: str) -> None:
    request: dict[str, Any] = {"model": source.other(model), "prompt": "a dot", "size": "1024x1024"}
    able = source.protocol in OPENAI or (source.protocol == "gemini" and model.startswith("imagen"))
    if not able:
        with pytest.raises((BadRequestError, NotFoundError)):
            openai.sync.images.generate(**request)
        return
    answer = openai.sync.images.generate(**request)
    assert [image.b64_json for image in answer.data or ()] == [PIXEL]
    assert source.last.path.endswith("/images/generations" if source.protocol in OPENAI else ":predict")


def test_a_chat_model_draws(openai: OpenAIClients, source: Source) -> None:
    """Gemini's picture models answer in conversation; the configuration says that they draw."""
    request: dict[str, Any] = {"model": source.model("painter"), "prompt": "a dot", "n": 2}
    if source.protocol != "gemini":
        with pytest.raises(BadRequestError, match="images"):
            openai.sync.images.generate(**request)
        return
    answer = openai.sync.images.generate(**request)
    assert [image.b64_json for image in answer.data or ()] == [PIXEL, PIXEL]


def test_pictures_are_edited(openai: OpenAIClients, source: Source) -> None:
    def edit() -> Any:
        picture = ("dot.png", io.BytesIO(PNG), "image/png")
        return openai.sync.images.edit(model=source.other("gpt-image-1"), image=picture, prompt="bigger")

    if source.protocol not in OPENAI:
        with pytest.raises((BadRequestError, NotFoundError)):
            edit()
        return
    assert edit().data[0].b64_json == PIXEL
    assert source.last.headers["content-type"].startswith("multipart/form-data")
    assert PNG in source.last.body
    assert b"bigger" in source.last.body


def test_pictures_are_edited_by_a_model_that_converses(openai: OpenAIClients, source: Source) -> None:
    """The client's size and quality become the vendor's own terms; pictures may come as files or as data URLs."""
    if source.protocol != "gemini":
        return
    form = {"model": source.model("painter"), "prompt": "bigger", "size": "1920x1080", "quality": "hd"}
    body = {**form, "images": [{"image_url": f"data:image/png;base64,{PIXEL}"}]}
    posts = openai.sync._client.post
    url, headers = f"{openai.sync.base_url}images/edits", openai.sync.auth_headers
    for answer in (
        posts(url, data=form, files={"image": ("a.png", PNG, "image/png")}, headers=headers),
        posts(url, json=body, headers=headers),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"][0]["b64_json"] == PIXEL
        sent = source.last.json
        assert sent["generationConfig"]["imageConfig"] == {"aspectRatio": "16:9", "imageSize": "2K"}
        assert sent["contents"][0]["parts"][1]["inlineData"] == {"mimeType": "image/png", "data": PIXEL}


def test_pictures_are_drawn_in_a_stream(openai: OpenAIClients, source: Source) -> None:
    model = source.model("painter") if source.protocol == "gemini" else source.other("gpt-image-1")
    if source.protocol in ("anthropic", "ollama"):
        with pytest.raises((BadRequestError, NotFoundError)):
            openai.sync.images.generate(model=model, prompt="a dot", stream=True)
        return
    events: list[Any] = list(openai.sync.images.generate(model=model, prompt="a dot", stream=True))
    assert [(event.type, event.b64_json) for event in events] == [("image_generation.completed", PIXEL)]
    picture = ("dot.png", io.BytesIO(PNG), "image/png")
    events = list(openai.sync.images.edit(model=model, image=picture, prompt="bigger", stream=True))
    assert [(event.type, event.b64_json) for event in events] == [("image_edit.completed", PIXEL)]


def test_what_needs_a_form_says_so(openai: OpenAIClients, source: Source) -> None:
    with pytest.raises(BadRequestError, match="multipart/form-data"):
        openai.sync.post("/audio/transcriptions", body={"model": source.other("whisper-1")}, cast_to=object)
    with pytest.raises(BadRequestError, match="images"):
        openai.sync.post("/images/edits", body={"model": source.other("gpt-image-1"), "prompt": "x"}, cast_to=object)


@pytest.mark.parametrize("path", ["/chat/completions", "/responses", "/embeddings", "/images/generations"])
def test_what_needs_json_takes_no_form(openai: OpenAIClients, source: Source, path: str) -> None:
    answer = openai.sync._client.post(
        f"{openai.sync.base_url}{path.lstrip('/')}",
        data={"model": source.model("hello"), "prompt": "x", "input": "x"},
        files={"a": ("a", b"x")},
        headers=openai.sync.auth_headers,
    )
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Content-Type")


@pytest.mark.parametrize("form", ["json", "text"])
def test_speech_is_written_down(openai: OpenAIClients, source: Source, form: Any) -> None:
    def transcribe() -> Any:
        return openai.sync.audio.transcriptions.create(
            model=source.other("whisper-1"),
            file=("a.wav", io.BytesIO(b"RIFF....WAVE"), "audio/wav"),
            language="en",
            response_format=form,
        )

    if source.protocol not in OPENAI:
        with pytest.raises((BadRequestError, NotFoundError)):
            transcribe()
        return
    answer = transcribe()
    assert TRANSCRIPT in (answer.text if form == "json" else answer)
    assert b"RIFF....WAVE" in source.last.body


def test_words_are_spoken(openai: OpenAIClients, source: Source) -> None:
    def speak() -> Any:
        return openai.sync.audio.speech.create(model=source.other("tts-1"), voice="alloy", input="Hello!")

    if source.protocol not in OPENAI:
        with pytest.raises((BadRequestError, NotFoundError)):
            speak()
        return
    assert speak().content == SPEECH
    with openai.sync.audio.speech.with_streaming_response.create(
        model=source.other("tts-1"), voice="alloy", input="Hello!"
    ) as answer:
        assert b"".join(answer.iter_bytes()) == SPEECH
        assert answer.headers["content-type"] == "audio/mpeg"


def test_models(openai: OpenAIClients, source: Source) -> None:
    listed = {model.id: model for model in openai.sync.models.list()}
    name = source.model("hello")
    assert listed[name].owned_by == f"scripted-{source.protocol}"
    assert "crawdad/demo" in listed
    assert openai.sync.models.retrieve(name).id == name
    assert openai.run(openai.asynchronous.models.retrieve(name)) == listed[name]
    with pytest.raises(NotFoundError, match=r"story:hello"):
        openai.sync.models.retrieve(f"scripted-{source.protocol}/story:helo")


def test_plain_prompts_are_completed(openai: OpenAIClients, source: Source) -> None:
    create = openai.sync.completions.create
    answer = create(model=source.model("echo"), prompt="Say this", max_tokens=9)
    assert answer.choices[0].text == "Say this"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == 25
    answer = create(model=source.model("echo"), prompt=["one", "two"], echo=True)
    assert [choice.text for choice in answer.choices] == ["oneone", "twotwo"]


def test_plain_prompts_are_completed_in_a_stream(openai: OpenAIClients, source: Source) -> None:
    # The SDK has one type for whole answers and chunks; as with the vendor, only the former always have a reason to stop.
    create = openai.lenient.completions.create
    options: Any = {"stream": True, "stream_options": {"include_usage": True}}
    texts = ["", ""]
    usage = None
    for chunk in create(model=source.model("echo"), prompt=["Say this", "and that"], **options):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
        usage = chunk.usage or usage
    assert texts == ["Say this", "and that"]
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (50, 24)


def test_log_probabilities_of_a_completion(openai: OpenAIClients, source: Source) -> None:
    answer = openai.sync.completions.create(model=source.model("echo"), prompt="Say this", logprobs=1)
    logprobs = answer.choices[0].logprobs
    if source.protocol == "anthropic":
        assert logprobs is None
        return
    assert logprobs is not None
    assert logprobs.tokens == ["Say", " this"]
