"""Accounts of channels and requests to be let in, as clients of the control channel see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from crawdad.core.channels import Account, ChannelKind, SignInStep
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language, Text
from crawdad.services.channels.pairing import PairedPerson, PairingRequest, request_id_of
from crawdad.services.channels.views import AccountView, DeadLetter
from crawdad.wire.qr import qr_data_uri


def status_shape(
    kinds: Sequence[ChannelKind], views: Sequence[AccountView], now: float, language: Language
) -> JsonObject:
    """The result of `channels.status`: the channels that the settings speak of, each with its accounts."""
    shown = [kind for kind in kinds if any(view.account.channel == kind.id for view in views)]
    labels = {kind.id: kind.label[1 if language == "zh" else 0] for kind in shown}
    accounts = {
        kind.id: [account_shape(view, language) for view in views if view.account.channel == kind.id] for kind in shown
    }
    return {
        "ts": round(now * 1000),
        "channelOrder": [kind.id for kind in shown],
        "channelLabels": labels,
        "channelDetailLabels": labels,
        "channelSystemImages": {},
        "channelMeta": [{"id": kind.id, "label": labels[kind.id], "detailLabel": labels[kind.id]} for kind in shown],
        "channels": {name: _summary(of_channel) for name, of_channel in accounts.items()},
        "channelAccounts": accounts,
        "channelDefaultAccountId": {name: of_channel[0]["accountId"] for name, of_channel in accounts.items()},
    }


def _summary(accounts: Sequence[JsonObject]) -> JsonObject:
    return {
        "configured": any(one["configured"] for one in accounts),
        "running": any(one["running"] for one in accounts),
        "connected": any(one["connected"] for one in accounts),
        "linked": any(one["linked"] for one in accounts),
    }


def account_shape(view: AccountView, language: Language = "en") -> JsonObject:
    """One account. Beside the contract's fields: `state`, `identity`, `lastSeenAt`, `counts` of what
    waits, and `elsewhere` where another process runs it."""
    status = view.status
    shape: JsonObject = {
        "accountId": view.account.name,
        "name": view.settings.name or None if view.settings is not None else None,
        "enabled": status.enabled,
        "configured": status.configured,
        "linked": view.state in ("connected", "degraded"),
        "running": status.running,
        "connected": view.state == "connected",
        "reconnectAttempts": status.reconnects,
        "lastConnectedAt": _milliseconds(status.connected_at),
        "lastError": words(status.fault or status.last_error, language) or None,
        "lastStartAt": _milliseconds(status.started_at),
        "lastStopAt": _milliseconds(status.stopped_at),
        "lastInboundAt": _milliseconds(status.inbound_at),
        "lastOutboundAt": _milliseconds(status.outbound_at),
        "lastProbeAt": _milliseconds(status.probed_at),
        "lastSeenAt": _milliseconds(status.heard_at),
        "state": view.state,
        "identity": status.identity or None,
        "counts": dict(view.counts),
    }
    if view.settings is not None:
        shape |= {"dmPolicy": view.settings.dm_policy, "allowFrom": list(view.settings.allow_from)}
        shape["groupPolicy"] = view.settings.group_policy
    if status.elsewhere:
        shape["elsewhere"] = True
    if status.probe:
        shape["probe"] = dict(status.probe)
    return {name: value for name, value in shape.items() if value is not None}


def pairing_account_shape(account: Account, label: str, view: AccountView | None) -> JsonObject:
    """An account that lets people in. `notifySupported`: it runs here, and so somebody let in can be told of it."""
    shape: JsonObject = {
        "channel": account.channel,
        "channelLabel": label,
        "accountId": account.name,
        "notifySupported": view is not None and view.status.enabled and view.status.configured,
    }
    if view is not None and view.settings is not None and view.settings.name:
        shape["accountLabel"] = view.settings.name
    return shape


def pairing_shape(request: PairingRequest, label: str, view: AccountView | None) -> JsonObject:
    """One request to be let in; `view`: of its account. The code is not told: whoever approves here names the request
    itself."""
    shape: JsonObject = {
        **pairing_account_shape(request.account, label, view),
        "requestId": request_id_of(request),
        "senderId": request.sender_id,
        "senderLabel": request.sender_name or request.sender_id,
        "createdAt": _moment(request.created_at),
        "lastSeenAt": _moment(request.seen_at),
        "expiresAt": _moment(request.expires_at),
    }
    return {**shape, "metadata": {"name": request.sender_name}} if request.sender_name else shape


def person_shape(person: PairedPerson) -> JsonObject:
    """Somebody who was let in. `owner`: may give commands and approve."""
    shape: JsonObject = {
        "senderId": person.sender_id,
        "senderLabel": person.name or person.sender_id,
        "owner": person.owner,
        "addedAtMs": int(person.added_at * 1000),
        "addedBy": person.added_by,
    }
    return shape


def sign_in_shape(step: SignInStep, account: str, language: Language) -> JsonObject:
    """Where a sign-in stands. `qrDataUrl` is the code as a picture, `qrText` what it is drawn from (a URL mostly),
    for those who draw it themselves."""
    if step.state == "connected":
        told = Text("channels.signed_in", {"identity": step.identity or account}).render(language)
    else:
        told = words(step.message, language) or Text(f"channels.sign_in.{step.state}").render(language)
    shape: JsonObject = {
        "message": told,
        "state": step.state,
        "connected": step.state in ("connected", "already"),
        "accountId": account,
    }
    return {**shape, "qrDataUrl": qr_data_uri(step.qr), "qrText": step.qr} if step.qr else shape


def dead_letter_shape(letter: DeadLetter) -> JsonObject:
    """An event that nothing could be made of. `event` is what the platform sent; times in milliseconds."""
    return {
        "id": letter.id,
        "channel": letter.account.channel,
        "accountId": letter.account.name,
        "eventId": letter.event_id,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "receivedAtMs": int(letter.received_at * 1000),
        "event": letter.event,
    }


def labels_of(kinds: Iterable[ChannelKind], language: Language) -> dict[str, str]:
    """What channels are called."""
    return {kind.id: kind.label[1 if language == "zh" else 0] for kind in kinds}


def words(text: Text | str | None, language: Language = "en") -> str:
    """A message in a language."""
    return "" if text is None else text if isinstance(text, str) else text.render(language)


def _milliseconds(at: float | None) -> int | None:
    return None if at is None else round(at * 1000)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
