"""Clients of the control channel: a device with a key of its own, and a connection that speaks frames."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.protocol_schema import problems
from tests.support.server import Served
from tests.support.waiting import PATIENCE

ALL_SCOPES = ("operator.admin", "operator.read", "operator.write", "operator.approvals", "operator.pairing")
CLI = {"id": "cli", "version": "1.0.0", "platform": "linux", "mode": "cli"}
BACKEND = {**CLI, "id": "gateway-client", "mode": "backend"}
Frame = dict[str, Any]
LONGEST = 3 * PATIENCE
"""Seconds that an answer or an event may take. Ticks come all the while: without a limit of its own a wait would never end."""


class Device:
    """A key pair. `params` is the `device` of a connect."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed) if seed else Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public_key = _base64(raw)
        self.id = hashlib.sha256(raw).hexdigest()

    def sign(self, text: str) -> str:
        return _base64(self._key.sign(text.encode()))

    def params(self, connect: Frame, nonce: str, *, layout: str = "v3", signed_at: int | None = None) -> Frame:
        """The proof that belongs to the rest of a connect."""
        at = int(time.time() * 1000) if signed_at is None else signed_at
        client, auth = connect["client"], connect.get("auth", {})
        token = auth.get("token") or (auth.get("deviceToken") if layout == "v3" else "") or ""
        parts = [
            layout,
            self.id,
            client["id"],
            client["mode"],
            connect.get("role", "operator"),
            ",".join(connect.get("scopes", ())),
            str(at),
            token,
        ]
        if layout != "v1":
            parts.append(nonce)
        if layout == "v3":
            parts += [client["platform"], client.get("deviceFamily", "")]
        made: Frame = {
            "id": self.id,
            "publicKey": self.public_key,
            "signature": self.sign("|".join(parts)),
            "signedAt": at,
            "nonce": nonce,
        }
        return made


class Refused(Exception):
    """The gateway did not let the client in."""

    def __init__(self, error: Frame, code: int | None, reason: str) -> None:
        super().__init__(f"{error.get('message')} ({code} {reason})")
        self.error = error
        self.code = code
        self.reason = reason


class Client:
    """A connection. Events that come in between answers wait in `events`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Frame] = []
        self._asked: dict[str, str] = {}
        self.challenge = self.receive()
        self.hello: Frame = {}
        self._count = 0

    @property
    def nonce(self) -> str:
        return str(self.challenge["payload"]["nonce"])

    def send(self, frame: Any) -> None:
        """Anything as JSON; a text as it is."""
        if isinstance(frame, dict) and isinstance(frame.get("id"), str):
            self._asked[frame["id"]] = str(frame.get("method", ""))
        self.socket.send(frame if isinstance(frame, str) else json.dumps(frame), text=True)

    def receive(self, seconds: float = PATIENCE) -> Frame:
        """The next frame. One that is not as the published schema has it is an error."""
        frame: Frame = orjson.loads(self.socket.recv(seconds))
        found = problems(frame, self._asked.get(frame.get("id", ""), ""))
        assert not found, f"{found}\n{str(frame)[:2000]}"
        return frame

    def request(self, method: str, params: Any = None, request_id: str | None = None) -> Frame:
        """The response to a request."""
        self._count += 1
        own = request_id or f"r{self._count}"
        self.send({"type": "req", "id": own, "method": method, "params": {} if params is None else params})
        return self.response(own)

    def call(self, method: str, params: Any = None) -> Any:
        """The payload of a request that succeeds."""
        answer = self.request(method, params)
        assert answer["ok"], answer
        return answer["payload"]

    def fault(self, method: str, params: Any = None) -> Frame:
        """The error of a request that fails."""
        answer = self.request(method, params)
        assert not answer["ok"], answer
        error: Frame = answer["error"]
        return error

    def response(self, request_id: str, seconds: float = LONGEST) -> Frame:
        """The response with that id."""
        return self._until(lambda frame: frame["type"] == "res" and frame["id"] == request_id, seconds)

    def event(self, name: str, seconds: float = LONGEST) -> Frame:
        """The next event of that name, one that has come already included."""
        for place, frame in enumerate(self.events):
            if frame.get("event") == name:
                return self.events.pop(place)
        return self._until(lambda frame: frame.get("event") == name, seconds)

    def closed(self, seconds: float = LONGEST) -> tuple[int | None, str]:
        """Code and reason of the close, once it has come."""
        try:
            self._until(lambda frame: False, seconds)
        except ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (None, "")
        raise AssertionError("nothing ended the connection")

    def _until(self, wanted: Callable[[Frame], bool], seconds: float) -> Frame:
        """The first frame that is wanted; the others are kept. Raises `TimeoutError`, whatever else has come."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            frame = self.receive(left)
            if wanted(frame):
                return frame
            self.events.append(frame)
        raise TimeoutError(f"nothing of what was wanted within {seconds} s")

    def connect(self, params: Frame, device: Device | None = None, **signing: Any) -> Frame:
        """Shake hands. Raises `Refused`."""
        if device is not None:
            params = {**params, "device": device.params(params, self.nonce, **signing)}
        answer = self.request("connect", params, "connect")
        if not answer["ok"]:
            raise Refused(answer["error"], *self.closed())
        self.hello = answer["payload"]
        return self.hello


def connect_params(
    token: str | None,
    scopes: Sequence[str] = ALL_SCOPES,
    client: Frame | None = None,
    *,
    versions: tuple[int, int] = (3, 3),
    **more: Any,
) -> Frame:
    """The params of a connect without device."""
    made: Frame = {
        "minProtocol": versions[0],
        "maxProtocol": versions[1],
        "client": client or CLI,
        "role": "operator",
        "scopes": list(scopes),
        "caps": [],
    }
    if token is not None:
        made["auth"] = {"token": token}
    return {**made, **more}


@contextmanager
def opened(
    gateway: Served, headers: dict[str, str] | None = None, path: str = "/", source: str | None = None
) -> Iterator[Client]:
    """A connection that has its challenge. `source` is the client's own address, such as 127.0.0.2."""
    url = gateway.base_url.replace("http", "ws", 1) + path
    more: dict[str, Any] = {"source_address": (source, 0)} if source else {}
    with connect(
        url,
        additional_headers=headers,
        proxy=None,
        max_size=None,
        compression=None,
        close_timeout=2,
        **more,
        open_timeout=PATIENCE,
    ) as socket:
        yield Client(socket)


@contextmanager
def connected(
    gateway: Served,
    scopes: Iterable[str] = ALL_SCOPES,
    *,
    client: Frame | None = None,
    device: Device | None = None,
    token: str | None = None,
    headers: dict[str, str] | None = None,
    source: str | None = None,
    **more: Any,
) -> Iterator[Client]:
    """A client that has come in, by default with the gateway's token and no device."""
    with opened(gateway, headers, source=source) as found:
        found.connect(connect_params(token or gateway.token, list(scopes), client, **more), device)
        yield found


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
