"""A body of `/v1/completions` as one `ModelRequest` a prompt."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.parts import JsonObject, Message, TextPart
from crawdad.core.request import ModelRequest, Sampling
from crawdad.core.text import Text
from crawdad.wire.fields import get_bool, get_int, get_object, get_string, need_string, rest, wrong_type
from crawdad.wire.openai_chat.request_reader import SAMPLING_FIELDS, read_sampling

NAME = "openai-completions"
MAX_PROMPTS = 128

_KNOWN = SAMPLING_FIELDS | {"model", "prompt", "suffix", "stream", "stream_options", "user"}


def read_requests(body: JsonObject) -> list[ModelRequest]:
    """The requests in `body`, one a prompt, in order. Raises BAD_REQUEST naming the field at fault."""
    model = need_string(body, "model")
    if get_string(body, "suffix"):
        raise GatewayError(
            ErrorKind.BAD_REQUEST,
            Text("wire.cannot_say", {"protocol": NAME, "feature": "suffix"}),
            {"param": "suffix", "code": "unsupported_content"},
        )
    get_bool(body, "echo")
    options = get_object(body, "stream_options") or {}
    return [
        ModelRequest(
            model=model,
            messages=[Message("user", [TextPart(prompt)])],
            sampling=_sampling(body),
            stream=get_bool(body, "stream") or False,
            include_usage=get_bool(options, "include_usage", "stream_options."),
            user=get_string(body, "user"),
            protocol=NAME,
            extra=rest(body, _KNOWN),
        )
        for prompt in _prompts(body)
    ]


def _sampling(body: JsonObject) -> Sampling:
    """The knobs of chat, except that `logprobs` is the number of rivals here."""
    sampling = read_sampling({key: value for key, value in body.items() if key not in ("logprobs", "top_logprobs")})
    rivals = get_int(body, "logprobs")
    if rivals is not None:
        sampling.logprobs, sampling.top_logprobs = True, rivals
    return sampling


def _prompts(body: JsonObject) -> list[str]:
    value = body.get("prompt")
    if value is None:
        raise bad_request("wire.missing", "prompt")
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise wrong_type("prompt", "a string or an array of strings")
    if len(value) > MAX_PROMPTS:
        raise wrong_type("prompt", f"an array of at most {MAX_PROMPTS} strings")
    for number, prompt in enumerate(value):
        if isinstance(prompt, (int, list)):
            raise wrong_type(f"prompt[{number}]", "a string (prompts as token arrays are not supported)")
        if not isinstance(prompt, str):
            raise wrong_type(f"prompt[{number}]", "a string")
    return value
