"""`POST /v1/images/edits`: as a form with files, or as JSON with the pictures as data URLs."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from crawdad.core.errors import bad_request
from crawdad.core.media import File, ImageRequest
from crawdad.core.parts import JsonObject
from crawdad.wire.fields import as_object, get_list, get_object, rest, whole_number
from crawdad.wire.media.images import read_request
from crawdad.wire.media.multipart import Form

MAX_PICTURES = 16
_DATA_URL = re.compile(r"data:(image/[\w.+-]+);base64,(.*)", re.DOTALL)
_PICTURES = frozenset({"images", "mask"})


def read_form_edit(form: Form, model: str) -> ImageRequest:
    """The request in a form. Raises BAD_REQUEST."""
    fields: JsonObject = dict(form.fields)
    if isinstance(fields.get("n"), str):
        fields["n"] = whole_number(fields["n"])
        if fields["n"] is None:
            raise bad_request("wire.type", "n", expected="an integer")
    if isinstance(fields.get("stream"), str):
        fields["stream"] = fields["stream"] == "true"
    request = read_request(fields, model)
    request.images = [file for name, file in form.files if name in ("image", "image[]")]
    request.mask = form.file("mask")
    if not request.images:
        raise bad_request("wire.missing", "image")
    return request


def read_json_edit(body: JsonObject, model: str) -> ImageRequest:
    """The request in a JSON body. Raises BAD_REQUEST, also for pictures that are not given as data."""
    request = read_request(rest(body, _PICTURES), model)
    given = get_list(body, "images") or []
    if not given:
        raise bad_request("wire.missing", "images")
    if len(given) > MAX_PICTURES:
        raise bad_request("wire.value", "images", value=f"{len(given)} pictures")
    request.images = [_picture(item, f"images[{number}]") for number, item in enumerate(given)]
    mask = get_object(body, "mask")
    request.mask = None if mask is None else _picture(mask, "mask")
    return request


def _picture(item: Any, path: str) -> File:
    url = as_object(item, path).get("image_url")
    found = _DATA_URL.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise bad_request("wire.type", f"{path}.image_url", expected="a data URL (data:image/png;base64,…)")
    try:
        data = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise bad_request("wire.type", f"{path}.image_url", expected="a data URL in base64") from None
    return File(data, f"{path}.{found[1].partition('/')[2]}", found[1])
