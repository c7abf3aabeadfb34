"""Pictures: every provider is asked in its own terms."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from openai._models import validate_type
from openai.types import ImageEditCompletedEvent, ImageGenCompletedEvent, ImagesResponse

from crawdad.core.errors import GatewayError
from crawdad.core.media import File, Image, ImageResponse
from crawdad.core.usage import Usage
from crawdad.wire.media import images as wire
from crawdad.wire.media.image_edits import read_form_edit, read_json_edit
from crawdad.wire.media.image_events import write_events
from crawdad.wire.media.multipart import Form
from crawdad.wire.sse import SseReader


def request(model: str = "gpt-image-1", **body: Any) -> Any:
    return wire.read_request({"prompt": "a dot", **body}, model)


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("gpt-image-1", "1024x1024", "1024x1024"),
        ("gpt-image-1", "1920x1080", "1536x1024"),
        ("gpt-image-1", "9:16", "1024x1536"),
        ("dall-e-3", "1920x1080", "1792x1024"),
        ("dall-e-2", "1920x1080", "1024x1024"),
        ("dall-e-2", "200x200", "256x256"),
        ("cogview-4", "1920x1080", "1920x1080"),
        ("gpt-image-1", "auto", None),
    ],
)
def test_sizes_become_the_models_own(model: str, size: str, expected: str | None) -> None:
    assert wire.write_openai(request(model, size=size)).get("size") == expected


@pytest.mark.parametrize(
    ("model", "quality", "expected"),
    [("dall-e-3", "hd", "hd"), ("gpt-image-1", "hd", "high"), ("gpt-image-1", "standard", "medium"), ("dall-e-3", "high", "hd"),
     ("cogview-4", "hd", "hd"), ("gpt-image-1", "auto", None)],
)  # fmt: skip
def test_qualities_become_the_models_own(model: str, quality: str, expected: str | None) -> None:
    assert wire.write_openai(request(model, quality=quality)).get("quality") == expected


@pytest.mark.parametrize(
    ("size", "quality", "ratio", "resolution"),
    [
        ("1920x1080", None, "16:9", "2K"),
        ("1024x1024", None, "1:1", None),
        ("1024x1024", "hd", "1:1", "2K"),
        ("3840x2160", "hd", "16:9", "4K"),
        (None, "hd", None, "4K"),
        ("1080x1920", None, "9:16", "2K"),
        ("21:9", None, "21:9", None),
    ],
)
def test_gemini_gets_a_ratio_and_a_class(
    size: str | None, quality: str | None, ratio: str | None, resolution: str | None
) -> None:
    asked = request(
        "gemini-3-pro-image", **({"size": size} if size else {}), **({"quality": quality} if quality else {})
    )
    config = wire.write_gemini(asked)["generationConfig"].get("imageConfig", {})
    assert config.get("aspectRatio") == ratio
    assert config.get("imageSize") == resolution


def test_imagen_gets_its_nearest_ratio_and_count() -> None:
    body = wire.write_imagen(request("imagen-4.0-generate-001", size="1920x1080", n=3))
    assert body == {
        "instances": [{"prompt": "a dot"}],
        "parameters": {"sampleCount": 3, "aspectRatio": "16:9", "sampleImageSize": "2K"},
    }


@pytest.mark.parametrize(
    "body",
    [
        {"n": 0},
        {"n": 11},
        {"n": "x"},
        {"size": "big"},
        {"size": "0x0"},
        {"size": "99999x1"},
        {"prompt": None},
        {"prompt": 5},
    ],
)
def test_bad_requests_are_refused(body: dict[str, Any]) -> None:
    with pytest.raises(GatewayError):
        request(**body)


def test_an_edit_needs_a_picture() -> None:
    with pytest.raises(GatewayError) as caught:
        read_form_edit(Form([("prompt", "x")]), "gpt-image-1")
    assert caught.value.details["param"] == "image"


def test_an_edit_carries_pictures_and_mask() -> None:
    form = Form([("prompt", "x"), ("n", "2")], [("image[]", File(b"1")), ("image[]", File(b"2")), ("mask", File(b"3"))])
    sent = wire.openai_form(read_form_edit(form, "gpt-image-1"))
    assert [(name, file.data) for name, file in sent.files] == [("image[]", b"1"), ("image[]", b"2"), ("mask", b"3")]
    assert ("n", "2") in sent.fields


DOT = "data:image/png;base64,iVBORw0KGgo="


def test_an_edit_may_be_json() -> None:
    body = {"prompt": "x", "n": 2, "images": [{"image_url": DOT}, {"image_url": DOT}], "mask": {"image_url": DOT}}
    asked = read_json_edit(body, "gpt-image-1")
    sent = wire.openai_form(asked)
    assert [(name, file.data, file.media_type) for name, file in sent.files] == [
        (name, b"\x89PNG\r\n\x1a\n", "image/png") for name in ("image[]", "image[]", "mask")
    ]
    assert dict(sent.fields).keys() == {"model", "prompt", "n"}
    assert len(wire.write_gemini(asked)["contents"][0]["parts"]) == 4


@pytest.mark.parametrize(
    ("images", "param"),
    [
        (None, "images"),
        ([], "images"),
        ("x", "images"),
        ([{"image_url": DOT}] * 17, "images"),
        (["x"], "images[0]"),
        ([{"image_url": DOT}, {"image_url": "https://example.org/a.png"}], "images[1].image_url"),
        ([{"file_id": "file-1"}], "images[0].image_url"),
        ([{"image_url": "data:image/png;base64,%%%"}], "images[0].image_url"),
        ([{"image_url": "data:text/html;base64,AAAA"}], "images[0].image_url"),
    ],
)
def test_pictures_to_edit_are_data(images: Any, param: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_json_edit({"prompt": "x", "images": images}, "gpt-image-1")
    assert caught.value.details["param"] == param


@pytest.mark.parametrize("edited", [False, True])
def test_a_stream_of_pictures_fits_openais_types(edited: bool) -> None:
    asked = request(size="1920x1080", quality="hd", n=2)
    asked.images = [File(b"1")] if edited else []
    usage = Usage(input_tokens=10, output_tokens=100)
    made = ImageResponse([Image("QUJD", None, "image/webp", None), Image("REVG", None, "image/png", None)], usage)
    events = [orjson.loads(data) for data in SseReader().feed(write_events(made, asked, 7))]
    types: Any = ImageEditCompletedEvent if edited else ImageGenCompletedEvent
    heard = [validate_type(type_=types, value=event) for event in events]
    assert [(one.b64_json, one.output_format, one.size, one.quality) for one in heard] == [
        ("QUJD", "webp", "1536x1024", "high"),
        ("REVG", "png", "1536x1024", "high"),
    ]
    assert [one.usage.total_tokens for one in heard] == [0, 110]


def test_the_answer_fits_openais_types() -> None:
    response = ImageResponse(
        [Image("aGk=", None, revised_prompt="r")], Usage(input_tokens=9, output_tokens=100, image_input_tokens=4)
    )
    parsed = ImagesResponse.model_validate(wire.write_response(response, request(), 1_700_000_000), strict=True)
    assert parsed.data is not None and parsed.data[0].b64_json == "aGk=" and parsed.data[0].revised_prompt == "r"
    assert parsed.usage is not None and parsed.usage.total_tokens == 109
    assert parsed.usage.input_tokens_details.text_tokens == 5


def test_a_url_is_a_data_url_where_the_vendor_gave_none() -> None:
    body = wire.write_response(ImageResponse([Image("aGk=")]), request(response_format="url"), 1)
    assert body["data"][0]["url"] == "data:image/png;base64,aGk="


def test_filtered_pictures_are_an_error_with_the_vendors_reason() -> None:
    with pytest.raises(GatewayError) as caught:
        wire.read_imagen({"predictions": [{"raiFilteredReason": "unsafe dot"}]})
    assert "unsafe dot" in caught.value.message()
    assert (
        wire.read_imagen({"predictions": [{"bytesBase64Encoded": "aGk=", "mimeType": "image/jpeg"}]}).images[0].data
        == "aGk="
    )
