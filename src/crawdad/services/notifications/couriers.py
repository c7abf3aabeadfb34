"""Who takes letters where: the channels by their durable way out, webhooks by a signed call, others by what adapters bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crawdad.core.agents import Outbound
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.notification_settings import FEISHU_WEBHOOK, WEBHOOK, NotificationTarget
from crawdad.core.notifications import Courier, Letter, NotDelivered, told
from crawdad.core.parts import TextPart
from crawdad.core.ports import Clock, Timeouts, Transport, UpstreamCall
from crawdad.core.sessions import Route
from crawdad.core.text import Text
from crawdad.wire.feishu.custom_bot import read_answer, write_message
from crawdad.wire.notices import signed_headers, write_notice

_PATIENCE = Timeouts(connect=10.0, first_byte=15.0, idle=10.0)
_MOST_ANSWER_BYTES = 65_536
_PASSING = frozenset((408, 409, 425, 429))
_SHOWN = ("id", "target", "kind", "level", "subject", "text", "at", "repeats")
_FINAL = frozenset((ErrorKind.NOT_FOUND, ErrorKind.BAD_REQUEST, ErrorKind.FORBIDDEN))


class ChannelCourier:
    """By a configured channel's account. Its way out keeps the letter under a key, so that asking again is looking at it. While
    there are no channels (safe mode, a gateway that was stopped) those in `direct`, by their kinds, go by themselves."""

    def __init__(self, outbound: Callable[[], Outbound | None], direct: Mapping[str, Courier] | None = None) -> None:
        self._outbound, self._direct = outbound, direct or {}

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        if not target.kind or not target.to:
            raise NotDelivered(Text("notifications.missing", {"keys": "kind, to"}), again=False)
        outbound = self._outbound()
        if outbound is None:
            courier = self._direct.get(target.kind)
            if courier is None:
                raise NotDelivered(Text("notifications.no_channels"))
            return await courier.deliver(target, letter)
        route = Route(target.kind, target.to, target.account)
        try:
            parts = [TextPart(f"{letter.title}\n{letter.text}")]
            delivery = await outbound.send(route, parts, key=f"notification:{letter.id}")
        except GatewayError as error:
            raise NotDelivered(error.text, again=error.kind not in _FINAL) from None
        if delivery.delivered:
            return delivery.message_id
        raise NotDelivered(delivery.error or delivery.status, again=delivery.status != "not-delivered")


class WebhookCourier:
    """By a signed POST to any address outside of private networks (`gateway.privateNetworks` opens those)."""

    def __init__(self, transport: Transport, clock: Clock, place: str) -> None:
        self._transport, self._clock, self._place = transport, clock, place

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        url = _url_of(target)
        kind = letter.notices[0].kind if len(letter.notices) == 1 else "digest"
        # What becomes of it stays out: the body is the same for each try.
        notices = [{name: told(one, target.language)[name] for name in _SHOWN} for one in letter.notices]
        body = write_notice(kind, letter.notices[0].at, letter.title, letter.text, letter.level, self._place, notices)
        secret = target.secret.reveal() if target.secret is not None else ""
        try:
            headers = signed_headers(letter.id, self._clock.now(), body, secret)
        except ValueError:
            raise NotDelivered(Text("notifications.bad_secret"), again=False) from None
        status, _ = await _post(self._transport, url, headers, body)
        if not 200 <= status < 300:
            passing = status >= 500 or status in _PASSING
            raise NotDelivered(Text("notifications.status", {"status": status}), again=passing)
        return f"HTTP {status}"


class FeishuWebhookCourier:
    """By the custom bot of a Feishu group."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock

    async def deliver(self, target: NotificationTarget, letter: Letter) -> str:
        """See the port."""
        url = _url_of(target)
        secret = target.secret.reveal() if target.secret is not None else ""
        body = write_message(f"{letter.title}\n{letter.text}", secret, self._clock.now())
        headers = {"content-type": "application/json; charset=utf-8"}
        answer = read_answer(*await _post(self._transport, url, headers, body))
        if not answer.ok:
            raise NotDelivered(answer.words, again=answer.again)
        return ""


def courier_of(
    channels: ChannelCourier,
    webhook: WebhookCourier,
    feishu: FeishuWebhookCourier,
    others: Mapping[str, Courier],
) -> Callable[[str], Courier]:
    """Who takes letters to targets of a kind; what is none of the others is a channel."""
    known: dict[str, Courier] = {WEBHOOK: webhook, FEISHU_WEBHOOK: feishu, **others}
    return lambda kind: known.get(kind, channels)


def _url_of(target: NotificationTarget) -> str:
    url = target.url.reveal().strip() if target.url is not None else ""
    if not url.startswith(("https://", "http://")):
        raise NotDelivered(Text("notifications.missing", {"keys": "url"}), again=False)
    return url


async def _post(transport: Transport, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
    call = UpstreamCall("POST", url, headers, body, _PATIENCE, guarded=True, redirects=False)
    try:
        answer = await transport.send(call)
    except GatewayError as error:
        raise NotDelivered(error.text, again=error.kind not in _FINAL) from None
    try:
        return answer.status, await answer.read(_MOST_ANSWER_BYTES)
    except GatewayError as error:
        raise NotDelivered(error.text) from None
    finally:
        await answer.close()
