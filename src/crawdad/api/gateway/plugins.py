"""Requests for plugins: exact routes first, then handlers in order, the first that answers wins. A plugin sees nothing before
the gateway knows who asks, unless it says that it checks for itself."""

from __future__ import annotations

import structlog

from crawdad.api.call import CREDENTIAL_HEADERS, Call, Disconnected
from crawdad.api.front_door import Handler, not_found
from crawdad.api.gateway.answers import COMMON, answer_json, answer_text, refusal
from crawdad.api.speaking import Gate
from crawdad.core.errors import GatewayError
from crawdad.core.identity import Principal
from crawdad.core.plugin_http import PluginAnswer, PluginRequest, PluginRoute, PluginRoutes, is_gateways

_NOT_PASSED = frozenset((*CREDENTIAL_HEADERS, b"cookie", b"proxy-authorization"))
_OURS = frozenset(("content-length", "transfer-encoding", "connection"))
_log = structlog.get_logger(__name__)


class PluginDispatch:
    """The plugins' claim on paths."""

    def __init__(self, gate: Gate, routes: PluginRoutes) -> None:
        self._gate = gate
        self._routes = routes

    def claim(self, call: Call) -> Handler | None:
        """The handler for paths that a plugin may serve."""
        if not canonical(call.path) or is_gateways(call.path):
            return None
        if self._routes.exact(call.path) is not None:
            return self.serve
        return self.serve if self._routes.handlers() and not call.path.startswith("/api/") else None

    async def serve(self, call: Call) -> None:
        """One request."""
        exact = self._routes.exact(call.path)
        candidates = [exact] if exact is not None else list(self._routes.handlers())
        body: bytes | None = None
        refused: GatewayError | None = None
        for route in candidates:
            try:
                principal = self._gate.admit(call) if route.auth == "gateway" else None
            except GatewayError as error:
                refused = error
                continue
            if body is None:
                try:
                    body = await call.body(self._gate.settings().gateway.max_body_bytes)
                except GatewayError as error:
                    await answer_text(call, 413, error.message())
                    return
            answer = await self._ask(call, route, body, principal)
            if answer is not None:
                await tell(call, answer)
                return
        if refused is not None:
            status, document, headers = refusal(refused)
            await answer_json(call, status, document, headers)
            return
        raise not_found(call)

    async def _ask(
        self, call: Call, route: PluginRoute, body: bytes, principal: Principal | None
    ) -> PluginAnswer | None:
        kept = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in call.headers.items()
            if route.auth == "plugin" or name not in _NOT_PASSED
        }
        request = PluginRequest(call.method, call.path, call.query(), kept, body, str(call.address), principal)
        try:
            return await route.handler(request)
        except Disconnected:
            raise
        except Exception:  # a plugin is an edge: its faults are its own
            _log.exception("plugin_route_failed", plugin=route.plugin, path=call.path)
            return PluginAnswer(500, b"Internal Server Error")


async def tell(call: Call, answer: PluginAnswer) -> None:
    """Send what a plugin or channel answers."""
    headers = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in _OURS}
    await call.answer(answer.status, answer.body, answer.media_type, {**COMMON, **headers})


def canonical(path: str) -> bool:
    """Whether a path says what it means: no empty, `.` or `..` steps, nothing escaped twice."""
    return "//" not in path and "%" not in path and "\\" not in path and not {".", ".."} & set(path.split("/"))
