"""`/hooks/*`: messages from other systems, with a token of their own."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable

from crawdad.api.call import CREDENTIAL_HEADERS, Call
from crawdad.api.front_door import Handler
from crawdad.api.gateway.answers import BodyRefused, answer_json, answer_text, read_json
from crawdad.core.door_settings import HooksSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.ports import Clock
from crawdad.services.hooks.orders import WakeOrder
from crawdad.services.hooks.service import Hooks, NotMapped, Skipped, moment
from crawdad.services.hooks.templates import HookCall
from crawdad.services.identity.lockout import Lockout

QUERY_TOKEN = (
    "Hook token must be provided via Authorization: Bearer <token> or X-OpenClaw-Token header "
    "(query parameters are not allowed)."
)
_TOKEN_HEADER = b"x-openclaw-token"
_NOT_PASSED = frozenset((*CREDENTIAL_HEADERS, _TOKEN_HEADER, b"cookie", b"proxy-authorization"))
_KEY_CHARACTERS = 200
_BODY_WORDS = {413: "payload too large", 408: "request body timeout"}
_ATTEMPTS, _WINDOW, _LOCKOUT = 20, 60.0, 60.0


class HookRoutes:
    """The hooks' claim on paths, and their handler. Where they are is a matter of the settings of the moment."""

    def __init__(self, hooks: Hooks, clock: Clock, settings: Callable[[], HooksSettings]) -> None:
        self._hooks = hooks
        self._clock = clock
        self._settings = settings
        self._lockout = Lockout(clock, _ATTEMPTS + 1, _WINDOW, _LOCKOUT, exempt_loopback=False)

    def claim(self, call: Call) -> Handler | None:
        """The handler, for paths at and below the hooks' own."""
        settings = self._settings()
        if not settings.enabled or settings.token is None or not settings.token.reveal():
            return None
        below = call.path == settings.path or call.path.startswith(settings.path + "/")
        return self.serve if below else None

    async def serve(self, call: Call) -> None:
        """One call, checked in the contract's order: query, token, method, path, body."""
        settings = self._settings()
        path = call.path[len(settings.path) :].strip("/")
        if "token" in call.query() and not settings.allow_query_token:
            await answer_text(call, 400, QUERY_TOKEN)
            return
        left = self._lockout.seconds_left(call.address)
        if left > 0:
            await answer_text(call, 429, "Too Many Requests", {"retry-after": str(math.ceil(left))})
            return
        token, path = _token_of(call, path, settings)
        if not _is_right(token, settings):
            self._lockout.failed(call.address)
            await answer_text(call, 401, "Unauthorized")
            return
        if call.method != "POST":
            await answer_text(call, 405, "Method Not Allowed", {"allow": "POST"})
            return
        if not path:
            await answer_text(call, 404, "Not Found")
            return
        try:
            payload = await read_json(call, settings.max_body_bytes)
        except BodyRefused as refused:
            words = _BODY_WORDS.get(refused.status, refused.words)
            await answer_json(call, refused.status, {"ok": False, "error": words})
            return
        await self._carry_out(call, path, payload if isinstance(payload, dict) else {})

    async def _carry_out(self, call: Call, path: str, payload: dict[str, object]) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in call.headers.items()
            if name not in _NOT_PASSED
        }
        query = {name: value for name, value in call.query().items() if name != "token"}
        asked = HookCall(path, payload, headers, query, moment(self._clock))
        try:
            order, run_id = await self._hooks.call(asked, _key_of(call, payload))
        except NotMapped:
            await answer_text(call, 404, "Not Found")
        except Skipped:
            await call.answer(204, b"", "text/plain")
        except GatewayError as error:
            status, words = _failure(error)
            headers = {} if error.retry_after is None else {"retry-after": str(math.ceil(error.retry_after))}
            await answer_json(call, status, {"ok": False, "error": words}, headers)
        else:
            if isinstance(order, WakeOrder):
                await answer_json(call, 200, {"ok": True, "mode": order.mode})
            else:
                await answer_json(call, 202, {"ok": True, "runId": run_id})


def _failure(error: GatewayError) -> tuple[int, str]:
    if error.kind is ErrorKind.BAD_REQUEST:
        return 400, error.message()
    if error.kind in (ErrorKind.UNAVAILABLE, ErrorKind.RATE_LIMITED):
        return 503, error.message()
    return 500, "hook mapping failed" if error.kind is ErrorKind.INTERNAL else error.message()


def _token_of(call: Call, path: str, settings: HooksSettings) -> tuple[str, str]:
    """The token, and the path without it. In the address it counts only where the settings say so."""
    authorization = call.header(b"authorization")
    if authorization[:7].lower() == "bearer ":
        return authorization[7:].strip(), path
    token = call.header(_TOKEN_HEADER).strip()
    if token or not settings.allow_query_token:
        return token, path
    if "token" in call.query():
        return call.query()["token"], path
    first, _, rest = path.partition("/")
    return (first, rest) if _is_right(first, settings) else ("", path)


def _is_right(token: str, settings: HooksSettings) -> bool:
    assert settings.token is not None
    return hmac.compare_digest(token.encode("utf-8", "replace"), settings.token.reveal().encode())


def _key_of(call: Call, payload: dict[str, object]) -> str | None:
    """The name by which a call is known when it is sent again."""
    key = call.header(b"idempotency-key").strip() or payload.get("idempotencyKey")
    return kept_key(key) if isinstance(key, str) and key.strip() else None


def kept_key(key: str) -> str:
    """A caller's key as it is kept: one that is long, or that no database holds, by its hash, so that two stay two."""
    if len(key) <= _KEY_CHARACTERS and key.isprintable():
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}"
