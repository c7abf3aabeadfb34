"""The control channel as a client speaks it: its `connect`, its requests, and what comes back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crawdad.core.parts import JsonObject
from crawdad.wire.control.device import Proof, Signed, texts
from crawdad.wire.control.limits import VERSIONS
from crawdad.wire.control.scopes import OPERATOR


@dataclass(frozen=True, slots=True)
class Answer:
    """The response to a request; `error` is empty where it went well."""

    id: str
    payload: Any
    error: JsonObject

    @property
    def good(self) -> bool:
        """Whether the request was done."""
        return not self.error


@dataclass(frozen=True, slots=True)
class Event:
    """Something that the gateway tells by itself."""

    name: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a client says of itself. `token` is the gateway's token or a key, `device_token` what the gateway gave the device
    before; both may be empty. `locale` is the language that it wants words in (empty: the gateway's)."""

    version: str
    platform: str
    name: str
    scopes: Sequence[str]
    token: str = ""
    device_token: str = ""
    locale: str = ""

    @property
    def signed(self) -> Signed:
        """What the device signs besides its own proof: of the credentials the first that there is."""
        return Signed("cli", "cli", OPERATOR, self.scopes, self.token or self.device_token, self.platform)


def text_to_sign(introduction: Introduction, device_id: str, signed_at: int, nonce: str) -> str:
    """The text that the device's signature is over, in the newest layout. `signed_at` is in milliseconds."""
    return texts(Proof(device_id, "", "", signed_at, nonce), introduction.signed)[0]


def connect_params(introduction: Introduction, proof: Proof) -> JsonObject:
    """The params of `connect`."""
    auth = {"token": introduction.token, "deviceToken": introduction.device_token}
    return {
        "minProtocol": VERSIONS[0],
        "maxProtocol": VERSIONS[-1],
        "client": {
            "id": "cli",
            "displayName": introduction.name,
            "version": introduction.version,
            "platform": introduction.platform,
            "mode": "cli",
        },
        "role": OPERATOR,
        "scopes": list(introduction.scopes),
        "caps": ["tool-events"],
        **({"locale": introduction.locale} if introduction.locale else {}),
        "auth": {name: value for name, value in auth.items() if value},
        "device": {
            "id": proof.device_id,
            "publicKey": proof.public_key,
            "signature": proof.signature,
            "signedAt": proof.signed_at,
            "nonce": proof.nonce,
        },
    }


def write_request(request_id: str, method: str, params: JsonObject) -> str:
    """A request as it goes over the wire."""
    return orjson.dumps({"type": "req", "id": request_id, "method": method, "params": params}).decode()


def read_frame(data: str | bytes) -> Answer | Event | None:
    """What a frame from the gateway says; None for one that no client knows."""
    try:
        frame = orjson.loads(data)
    except ValueError:
        return None
    if not isinstance(frame, dict):
        return None
    payload = frame.get("payload")
    if frame.get("type") == "event":
        return Event(str(frame.get("event", "")), payload if isinstance(payload, dict) else {})
    if frame.get("type") != "res":
        return None
    error = frame.get("error")
    if frame.get("ok") is not True and not (isinstance(error, dict) and error):
        error = {"code": "UNAVAILABLE", "message": "the gateway gave no reason"}
    return Answer(str(frame.get("id", "")), payload, error if isinstance(error, dict) else {})
