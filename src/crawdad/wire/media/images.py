"""Pictures: OpenAI's contract towards clients; OpenAI's, Gemini's and Imagen's towards upstreams.

A size in pixels becomes what each provider has words for: OpenAI's nearest supported size, or Google's aspect ratio with
a resolution class.
"""

from __future__ import annotations

import base64
import re
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.media import File, Image, ImageRequest, ImageResponse
from crawdad.core.parts import JsonObject
from crawdad.core.usage import Usage
from crawdad.wire.fields import as_count, get_int, get_string, need_string, rest, unreadable
from crawdad.wire.media.multipart import Form

MAX_IMAGES = 10
_MAX_PIXELS = 16384
_SIZE = re.compile(r"(\d{1,5})\s*[xX*×]\s*(\d{1,5})")
_RATIO = re.compile(r"(\d{1,3}):(\d{1,3})")

_GPT_SIZES = ((1024, 1024), (1536, 1024), (1024, 1536))
_DALLE3_SIZES = ((1024, 1024), (1792, 1024), (1024, 1792))
_DALLE2_SIZES = ((256, 256), (512, 512), (1024, 1024))
GEMINI_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
IMAGEN_RATIOS = ("1:1", "3:4", "4:3", "9:16", "16:9")

_KNOWN = frozenset(
    (
        *("model", "prompt", "n", "size", "quality", "style", "background", "output_format", "response_format"),
        *("user", "image", "image[]", "mask", "stream", "partial_images"),
    )
)


def read_request(body: JsonObject, model: str) -> ImageRequest:
    """`POST /v1/images/generations`. Raises BAD_REQUEST."""
    count = get_int(body, "n")
    request = ImageRequest(
        model,
        need_string(body, "prompt"),
        count=1 if count is None else count,
        quality=_word(body, "quality"),
        style=_word(body, "style"),
        background=_word(body, "background"),
        output_format=_word(body, "output_format"),
        user=get_string(body, "user"),
        as_url=(get_string(body, "response_format") == "url"),
        extra=rest(body, _KNOWN),
    )
    if not 1 <= request.count <= MAX_IMAGES:
        raise bad_request("wire.value", "n", value=request.count)
    _read_size(request, get_string(body, "size"))
    return request


def _word(body: JsonObject, key: str) -> str | None:
    value = get_string(body, key)
    return None if value in (None, "", "auto") else value


def _read_size(request: ImageRequest, size: str | None) -> None:
    if size is None or size in ("", "auto"):
        return
    pixels = _SIZE.fullmatch(size.strip())
    if pixels:
        width, height = int(pixels[1]), int(pixels[2])
        if 0 < width <= _MAX_PIXELS and 0 < height <= _MAX_PIXELS:
            request.width, request.height = width, height
            return
    ratio = _RATIO.fullmatch(size.strip())
    if ratio and int(ratio[1]) and int(ratio[2]):
        request.ratio = size.strip()
        return
    raise bad_request("wire.value", "size", value=repr(size[:40]))


def proportion(request: ImageRequest) -> float | None:
    """Width divided by height, where the client said anything about it."""
    if request.width and request.height:
        return request.width / request.height
    if request.ratio:
        width, _, height = request.ratio.partition(":")
        return int(width) / int(height)
    return None


def nearest_ratio(wanted: float, ratios: tuple[str, ...]) -> str:
    """The ratio word closest to `wanted` (by quotient, so that 1:2 and 2:1 are equally far from 1:1)."""

    def distance(word: str) -> float:
        width, _, height = word.partition(":")
        quotient = wanted / (int(width) / int(height))
        return max(quotient, 1 / quotient)

    return min(ratios, key=distance)


def openai_size(request: ImageRequest) -> str | None:
    """The size word of OpenAI's own image models: the exact size when it is one of theirs, else the nearest shape."""
    wanted = proportion(request)
    if wanted is None:
        return None
    name = request.model.lower()
    sizes = _DALLE3_SIZES if "dall-e-3" in name else _DALLE2_SIZES if "dall-e-2" in name else _GPT_SIZES
    if not ("dall-e" in name or "gpt-image" in name) and request.width:
        return f"{request.width}x{request.height}"  # a compatible vendor's model: its sizes are its own
    if (request.width, request.height) in sizes:
        return f"{request.width}x{request.height}"
    area = (request.width or 1024) * (request.height or 1024)

    def distance(size: tuple[int, int]) -> tuple[float, int]:
        quotient = wanted / (size[0] / size[1])
        return max(quotient, 1 / quotient), abs(size[0] * size[1] - area)

    width, height = min(sizes, key=distance)
    return f"{width}x{height}"


_GPT_QUALITY = {"hd": "high", "standard": "medium"}
_DALLE_QUALITY = {"high": "hd", "medium": "standard", "low": "standard"}


def write_openai(request: ImageRequest) -> JsonObject:
    """The body for an OpenAI-type upstream, in the words of the model at hand."""
    name = request.model.lower()
    body: JsonObject = {"model": request.model, "prompt": request.prompt, **request.extra}
    if request.count != 1:
        body["n"] = request.count
    size = openai_size(request)
    if size:
        body["size"] = size
    if request.quality:
        words = _DALLE_QUALITY if "dall-e" in name else _GPT_QUALITY if "gpt-image" in name else {}
        body["quality"] = words.get(request.quality, request.quality)
    for key in ("style", "background", "output_format", "user"):
        value = getattr(request, key)
        if value is not None:
            body[key] = value
    if "gpt-image" in name:
        body.pop("style", None)  # these models refuse DALL-E's knobs, and always answer in base64
    else:
        body["response_format"] = "url" if request.as_url else "b64_json"
    return body


def openai_form(request: ImageRequest) -> Form:
    """The form for an OpenAI-type upstream's `/images/edits`."""
    fields = [(key, str(value)) for key, value in write_openai(request).items() if not isinstance(value, (dict, list))]
    name = "image[]" if len(request.images) > 1 else "image"
    files = [(name, file) for file in request.images]
    if request.mask is not None:
        files.append(("mask", request.mask))
    return Form(fields, files)


def read_openai(document: Any) -> ImageResponse:
    """An OpenAI-type answer. Raises UPSTREAM_BROKEN."""
    entries = document.get("data") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise unreadable("no images in it")
    kind = f"image/{document.get('output_format') or 'png'}"
    images = []
    for entry in entries:
        if isinstance(entry, dict) and (entry.get("b64_json") or entry.get("url")):
            images.append(Image(entry.get("b64_json"), entry.get("url"), kind, entry.get("revised_prompt")))
    if not images:
        raise unreadable("no images in it")
    return ImageResponse(images, openai_usage(document))


def openai_usage(document: JsonObject) -> Usage:
    """The usage of an OpenAI-type answer. Never raises."""
    usage = document.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("input_tokens_details")
    details = details if isinstance(details, dict) else {}
    output = as_count(usage.get("output_tokens"))
    return Usage(
        input_tokens=as_count(usage.get("input_tokens")),
        output_tokens=output,
        image_input_tokens=as_count(details.get("image_tokens")),
        image_output_tokens=output,
    )


def write_response(response: ImageResponse, request: ImageRequest, created: int) -> JsonObject:
    """The answer for a client: base64, or (asked for URLs) the vendor's URL or a data URL."""
    data = []
    for image in response.images:
        entry: JsonObject = {}
        if request.as_url:
            entry["url"] = image.url or f"data:{image.media_type};base64,{image.data}"
        elif image.data is not None:
            entry["b64_json"] = image.data
        else:
            entry["url"] = image.url
        if image.revised_prompt is not None:
            entry["revised_prompt"] = image.revised_prompt
        data.append(entry)
    body: JsonObject = {"created": created, "data": data}
    usage = response.usage
    if usage.known:
        text_tokens = max(0, (usage.input_tokens or 0) - usage.image_input_tokens)
        body["usage"] = {
            "input_tokens": usage.input_tokens or 0,
            "output_tokens": usage.output_tokens or 0,
            "total_tokens": usage.total_tokens,
            "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": usage.image_input_tokens},
        }
    return body


def gemini_resolution(request: ImageRequest) -> str | None:
    """Google's resolution class: from the pixels asked for, else from the quality."""
    longest = max(request.width or 0, request.height or 0)
    if longest > 2560 or request.quality == "hd":
        return "4K" if longest > 2560 or longest == 0 else "2K"
    if longest > 1536 or request.quality == "high":
        return "2K"
    return None


def write_gemini(request: ImageRequest) -> JsonObject:
    """The body of `:generateContent` for a Gemini model that draws."""
    parts: list[JsonObject] = [{"text": request.prompt}]
    files: list[File] = [*request.images, *([request.mask] if request.mask else [])]
    for file in files:
        parts.append({"inlineData": {"mimeType": file.media_type, "data": base64.b64encode(file.data).decode()}})
    config: JsonObject = {}
    wanted = proportion(request)
    if wanted is not None:
        config["aspectRatio"] = nearest_ratio(wanted, GEMINI_RATIOS)
    resolution = gemini_resolution(request)
    if resolution:
        config["imageSize"] = resolution
    generation: JsonObject = {"responseModalities": ["TEXT", "IMAGE"]}
    if config:
        generation["imageConfig"] = config
    return {"contents": [{"role": "user", "parts": parts}], "generationConfig": generation}


def write_imagen(request: ImageRequest) -> JsonObject:
    """The body of `:predict` for an Imagen model."""
    if request.images:
        raise bad_request("wire.cannot_say", protocol="Imagen", feature="pictures to change")
    parameters: JsonObject = {"sampleCount": request.count}
    wanted = proportion(request)
    if wanted is not None:
        parameters["aspectRatio"] = nearest_ratio(wanted, IMAGEN_RATIOS)
    resolution = gemini_resolution(request)
    if resolution:
        parameters["sampleImageSize"] = "2K"
    if request.output_format:
        parameters["outputOptions"] = {"mimeType": f"image/{request.output_format}"}
    return {"instances": [{"prompt": request.prompt}], "parameters": parameters}


def read_imagen(document: Any) -> ImageResponse:
    """The answer of `:predict`. Raises UPSTREAM_BROKEN when no picture is in it (all were filtered)."""
    entries = document.get("predictions") if isinstance(document, dict) else None
    images = [
        Image(entry["bytesBase64Encoded"], None, str(entry.get("mimeType") or "image/png"), entry.get("prompt"))
        for entry in entries or []
        if isinstance(entry, dict) and isinstance(entry.get("bytesBase64Encoded"), str)
    ]
    if not images:
        reasons = [entry.get("raiFilteredReason") for entry in entries or [] if isinstance(entry, dict)]
        raise unreadable(next((str(reason) for reason in reasons if reason), "no images in it"))
    return ImageResponse(images)


def read_predict(body: JsonObject, model: str) -> ImageRequest:
    """A client's `:predict` (Imagen's form)."""
    instances = body.get("instances")
    first = instances[0] if isinstance(instances, list) and instances else None
    if not isinstance(first, dict):
        raise bad_request("wire.missing", "instances")
    parameters = body.get("parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    count = get_int(parameters, "sampleCount", "parameters.")
    request = ImageRequest(model, need_string(first, "prompt", "instances[0]."), count=1 if count is None else count)
    if not 1 <= request.count <= MAX_IMAGES:
        raise bad_request("wire.value", "parameters.sampleCount", value=request.count)
    _read_size(request, get_string(parameters, "aspectRatio", "parameters."))
    return request


def write_predict(response: ImageResponse) -> JsonObject:
    """The answer for a client of `:predict`."""
    return {
        "predictions": [
            {"mimeType": image.media_type, "bytesBase64Encoded": image.data}
            for image in response.images
            if image.data is not None
        ]
    }
