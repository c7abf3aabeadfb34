"""The handshake: a challenge, the client's `connect`, and either its welcome or the very words of its refusal."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.api.control.connection import Connection, Peer
from crawdad.core.devices import Described
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.services.devices.admission import Admission, Claim
from crawdad.services.identity.visitors import by_proxy
from crawdad.wire.control import errors
from crawdad.wire.control.connect import BROWSER_CLIENTS, CONTROL_UI, Connect, read_connect
from crawdad.wire.control.device import Proof, device_id, is_signed, raw_public_key, spelled, texts
from crawdad.wire.control.frames import BadFrame, Request
from crawdad.wire.control.limits import NORMAL, POLICY, PROTOCOL_ERROR, agreed_version
from crawdad.wire.control.scopes import NODE, ROLES

_SKEW_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a client does not come in: the error it is told (None: nothing), and how the socket closes."""

    code: int
    reason: str
    error: JsonObject | None = None
    request_id: str = ""


class Handshake:
    """Judges the first frame of a connection."""

    def __init__(self, admission: Admission, clock: Clock) -> None:
        self._admission = admission
        self._clock = clock

    async def judge(self, connection: Connection, frame: Request | BadFrame | None, nonce: str) -> Refusal | str:
        """Fill in who has come; the id of its request, or why it may not."""
        if frame is None:
            return Refusal(NORMAL, "")
        if isinstance(frame, BadFrame):
            return Refusal(POLICY, "invalid request frame")
        if frame.method != "connect":
            return _refused(frame, errors.INVALID_REQUEST, "invalid handshake: first request must be connect")
        connect = read_connect(frame.params)
        if isinstance(connect, str):
            return _refused(frame, errors.INVALID_REQUEST, f"invalid connect params: {connect}")
        version = agreed_version(connect.least, connect.most)
        if version is None:
            error = errors.protocol_mismatch(connect.least, connect.most)
            return Refusal(PROTOCOL_ERROR, "protocol mismatch", error, frame.id)
        connection.connect, connection.version = connect, version
        fault = self._unsuitable(connect, connection.peer, nonce) or await self._admit(connection, connect)
        return frame.id if fault is None else Refusal(POLICY, fault["message"], fault, frame.id)

    def _unsuitable(self, connect: Connect, peer: Peer, nonce: str) -> JsonObject | None:
        """What speaks against the client before any credential is looked at."""
        if connect.role not in ROLES:
            return errors.error(errors.INVALID_REQUEST, "invalid role")
        if peer.foreign or (not peer.origin and connect.client_id in BROWSER_CLIENTS):
            return errors.origin_refused()
        if connect.proof is None:
            given = any(connect.credential(name) for name in ("token", "password", "deviceToken"))
            known = peer.signed_in is not None or (peer.visitor is not None and by_proxy(peer.visitor))
            panel = connect.client_id == CONTROL_UI and known
            open_here = panel or (self._admission.is_open and peer.local)
            if connect.role == NODE or not (given or open_here) or (connect.client_id == CONTROL_UI and not open_here):
                return errors.no_device(connect.client_id)
            return None
        fault = self._fault_of(connect, connect.proof, nonce)
        return None if fault is None else errors.device_refused(fault)

    def _fault_of(self, connect: Connect, proof: Proof, nonce: str) -> str | None:
        """Why a device's proof does not hold, in the protocol's word."""
        key = raw_public_key(proof.public_key)
        if key is None:
            return "device-public-key"
        if device_id(key) != proof.device_id:
            return "device-id-mismatch"
        if abs(self._clock.now() * 1000 - proof.signed_at) > _SKEW_SECONDS * 1000:
            return "device-signature-stale"
        if not proof.nonce:
            return "device-nonce-missing"
        if proof.nonce != nonce:
            return "device-nonce-mismatch"
        candidates = [text for token in connect.signed_tokens() for text in texts(proof, connect.signed(token=token))]
        return None if is_signed(key, proof.signature, candidates) else "device-signature"

    async def _admit(self, connection: Connection, connect: Connect) -> JsonObject | None:
        peer = connection.peer
        claim = Claim(
            connect.role,
            connect.scopes,
            peer.address,
            peer.local,
            foreign_page=bool(peer.origin) and connect.client_id not in BROWSER_CLIENTS,
            own_page=connect.client_id == CONTROL_UI,
            visitor=peer.visitor,
            page=peer.signed_in,
            described=_described(connect, peer),
            token=connect.credential("token"),
            password=connect.credential("password"),
            device_token=connect.credential("deviceToken"),
        )
        try:
            connection.admitted = await self._admission.admit(claim)
        except GatewayError as error:
            reason = error.details.get("reason")
            if reason is None:
                return errors.error_of(error)
            if error.kind is ErrorKind.FORBIDDEN:
                return errors.pairing_required(error.details["request_id"], reason, connection.version)
            return errors.unauthorized(reason, connect.client_id)
        return None


def _described(connect: Connect, peer: Peer) -> Described | None:
    if connect.proof is None:
        return None
    key = raw_public_key(connect.proof.public_key)
    assert key is not None  # the proof holds
    return Described(
        connect.proof.device_id,
        spelled(key),
        connect.said("displayName"),
        connect.said("platform"),
        connect.said("deviceFamily"),
        connect.client_id,
        connect.mode,
        "" if peer.local else peer.address,
    )


def _refused(frame: Request, code: str, message: str) -> Refusal:
    return Refusal(POLICY, message, errors.error(code, message), frame.id)
