"""The front door: one ASGI application that looks a path up and hands the call to its route.

Model routes stand first, in a plain dictionary: finding one costs a look-up, not a walk along patterns. Authorisation is
on the routed path, never on a rebuilt URL.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import structlog

from crawdad.api.addresses import SET_BY_PROXIES, bare_address, client_address, is_loopback
from crawdad.api.call import Call, Disconnected, Headers, Receive, Scope, Send
from crawdad.api.gateway.words import TEXT
from crawdad.api.management.handshakes import refuse
from crawdad.api.management.mount import Mount, limited, with_call
from crawdad.api.speaking import Gate, error_body, error_headers
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.text import Text
from crawdad.services.identity.lockout import PassedOn
from crawdad.services.identity.visitors import allows_tailscale
from crawdad.wire import codecs

Handler = Callable[[Call], Awaitable[None]]
PrefixHandler = Callable[[Call, str], Awaitable[None]]
Claim = Callable[[Call], Handler | None]
SocketHandler = Callable[[Scope, Receive, Send], Awaitable[None]]

_log = structlog.get_logger(__name__)
_MOST_HOSTS = 256
_TUNNELLED = b"cf-connecting-ip"
"""What Cloudflare's tunnel, a program on this machine, says of whom it lets in: he is not to pass for a local program. One that
says so of itself only gives up what loopback is spared (the lock-out of addresses that guess keys)."""
_PASSED_ON = SET_BY_PROXIES | {_TUNNELLED}
_TAILNET = ".ts.net"
"""Names that Tailscale gives to machines, and nobody else can: `tailscale serve` passes them on as it got them."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The table. `exact` maps a path to its methods; `prefixes` are tried in order for paths below them (the handler gets
    the rest of the path and answers for methods itself); `sockets` maps paths to WebSocket handlers."""

    exact: Mapping[str, Mapping[str, Handler]]
    prefixes: tuple[tuple[str, Mapping[str, PrefixHandler]], ...] = ()
    sockets: Mapping[str, SocketHandler] = field(default_factory=dict)
    socket_prefixes: tuple[tuple[str, SocketHandler], ...] = ()
    """WebSockets below a path."""
    judging: frozenset[str] = frozenset()
    """Sockets that judge the page they come from themselves (`crawdad.foreign` in their scope), in their own words."""
    always: frozenset[str] = frozenset()
    """Paths that answer while the gateway drains."""
    mounts: tuple[Mount, ...] = ()
    """Contracts with a table of their own, tried last."""
    claims: tuple[Claim, ...] = ()
    """Whoever wants paths that are known only at run time (hooks, plugins); asked in order, before the mounts."""
    closed: bool = False
    """The inside of the gateway is left: what would need it answers that it will be back, and the mounts as ever."""
    plain: frozenset[str] = frozenset()
    """Paths where a wrong method is told in plain text, as the gateway's contract has it."""

    def mount_of(self, path: str) -> Mount | None:
        """The contract that a path belongs to."""
        return next((mount for mount in self.mounts if path.startswith(mount.prefix)), None)

    def socket_of(self, path: str) -> SocketHandler | None:
        """Who holds a WebSocket that is opened to a path."""
        found = self.sockets.get(path)
        return found or next((handler for prefix, handler in self.socket_prefixes if path.startswith(prefix)), None)


class FrontDoor:
    """The ASGI application. Counts what is running, so that a drain can wait for it."""

    def __init__(self, gate: Gate, routes: Routes) -> None:
        self._gate = gate
        self._routes = routes
        self._running: set[asyncio.Task[object]] = set()
        self.draining = False
        self._hosts: set[bytes] = set()
        self._hosts_settings: object = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            if kind == "http":
                await self._http(scope, receive, send)
            else:
                await self._socket(scope, receive, send)
        finally:
            self._running.discard(task)

    def hang(self, routes: Routes) -> None:
        """Have another table count from the next request on; what runs goes on as it began."""
        self._routes = routes

    @property
    def running(self) -> int:
        """How many requests and sockets are being served."""
        return len(self._running)

    async def drain(self, grace_seconds: float) -> None:
        """Take no more turns; wait until what runs is done or the grace is over, then cancel the rest."""
        self.draining = True
        if self._running:
            await asyncio.wait(set(self._running), timeout=grace_seconds)
        rest = set(self._running)
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=5)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = _header(scope, b"origin")
        if origin and self._allows(origin):
            send = _with_headers(send, cors_headers(origin))
        call = Call(scope, receive, send, self._gate.randomness.new_id())
        settings = self._gate.settings()
        if settings.language == "zh":
            call.default_language = "zh"
        if settings.gateway.trusted_proxies or not _PASSED_ON.isdisjoint(call.headers):
            call.address = self._address(scope)
        try:
            self._check_host(scope)
            call.visitor = await self._visitor(scope)
            if call.visitor is None and b"cookie" in call.headers:
                await self._take_session(call)
            self._check_page(scope, origin, call.visitor is not None)
            await self._route(call, bool(origin))
        except Disconnected:
            return
        except GatewayError as error:
            await self._refuse(call, error)
        except asyncio.CancelledError:
            raise
        except Exception:  # the request is an edge: a fault of ours must not take the connection's process down
            _log.exception("request_failed", request_id=call.id, path=call.path)
            if call.started:
                raise
            await self._refuse(call, GatewayError(ErrorKind.INTERNAL, Text("http.internal", {"request_id": call.id})))

    async def _route(self, call: Call, has_origin: bool) -> None:
        path, method = call.path, call.method
        if self.draining and path not in self._routes.always:
            raise _draining()
        methods = self._routes.exact.get(path)
        if methods is not None:
            self._check_switch(path)
            handler = methods.get("GET" if method == "HEAD" else method)
            if handler is not None:
                await handler(call)
                return
            await self._wrong_method(call, list(methods), has_origin)
            return
        for prefix, table in self._routes.prefixes:
            if path.startswith(prefix):
                self._check_switch(path)
                prefixed = table.get("GET" if method == "HEAD" else method)
                if prefixed is not None:
                    await prefixed(call, path[len(prefix) :])
                    return
                await self._wrong_method(call, list(table), has_origin)
                return
        for claim in self._routes.claims:
            claimed = claim(call)
            if claimed is not None:
                await claimed(call)
                return
        mount = self._routes.mount_of(path)
        if mount is None:
            if self._routes.closed:
                raise gateway_stopped()
            raise not_found(call)
        state = {
            "id": call.id,
            "address": call.address,
            "language": call.language,
            "visitor": call.visitor,
            "signed_in": call.signed_in,
            "unproven": call.unproven,
        }
        send = _with_headers(call.send, {"x-request-id": call.shown_id})
        receive = limited(call.receive, mount.limit(self._gate.settings().gateway))
        await mount.application(with_call(call.scope, state), receive, send)

    def _check_switch(self, path: str) -> None:
        """Raise UNAVAILABLE for model routes while the service is off, or the inside is left."""
        if self._routes.closed and path not in self._routes.always and path != "/":
            raise gateway_stopped()
        if not self._gate.switch.running and path.startswith("/v1"):
            self._gate.switch.check()

    async def _wrong_method(self, call: Call, methods: list[str], has_origin: bool) -> None:
        allow = ", ".join([*methods, "OPTIONS"])
        if call.method == "OPTIONS":
            await call.answer(204 if has_origin else 200, b"", "text/plain", {"allow": allow})
            return
        if call.path in self._routes.plain:
            await call.answer(405, b"Method Not Allowed", TEXT, {"allow": ", ".join(methods)})
            return
        error = GatewayError(
            ErrorKind.BAD_REQUEST,
            Text("http.method", {"method": call.method, "path": call.path[:200]}),
            {"code": "method_not_allowed"},
        )
        _, body = codecs.get(dialect_of(call)).write_error(error, call.language)
        await call.json(405, error_body(body, call.id), {"allow": allow})

    async def _refuse(self, call: Call, error: GatewayError) -> None:
        mount = self._routes.mount_of(call.path) if call.path not in self._routes.exact else None
        write = codecs.get(dialect_of(call)).write_error if mount is None else mount.write_error
        status, body = write(error, call.language)
        await call.json(status, error_body(body, call.id), {**error_headers(error), "request-id": call.id})

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._routes.socket_of(scope["path"])
        origin = _header(scope, b"origin")
        host = _header(scope, b"host")
        foreign = self._is_foreign(origin, host)
        refused: GatewayError | None = None
        if foreign and scope["path"] not in self._routes.judging:
            refused = GatewayError(
                ErrorKind.FORBIDDEN, Text("http.foreign_page", {"origin": origin[:200]}), {"code": "foreign_page"}
            )
        elif handler is None:
            told = {"method": "GET", "path": scope["path"][:200]}
            refused = GatewayError(ErrorKind.NOT_FOUND, Text("http.not_found", told), {"code": "not_found"})
        elif self.draining:
            refused = _draining()
        if handler is None or refused is not None:
            await receive()
            await self._refuse_socket(scope, send, refused)
            return
        try:
            self._check_host(scope)
            told = {**scope, "client": (self._address(scope), 0), "crawdad.foreign": foreign}
            if not foreign:  # no page of another site comes in by the proxy's word
                told["crawdad.visitor"] = await self._visitor(scope)
                page = await self._gate.pages.of(scope, self._address(scope)) if self._gate.pages is not None else None
                if told["crawdad.visitor"] is None and page is not None:
                    told["crawdad.signed_in"], told["crawdad.visitor"] = page.signed_in, page.signed_in.principal
            await handler(told, receive, send)
        except GatewayError as error:
            await self._refuse_socket(scope, send, error)

    async def _refuse_socket(self, scope: Scope, send: Send, error: GatewayError | None) -> None:
        """In the words of the contract that the path belongs to; where it belongs to none, without any."""
        mount = self._routes.mount_of(scope["path"])
        if mount is None or error is None:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await refuse(scope, send, error, mount.write_error)

    async def _visitor(self, scope: Scope) -> Principal | None:
        """Who comes, where a proxy or Tailscale vouches for it."""
        visitors = self._gate.visitors
        if visitors is None or not visitors.wanted:
            return None
        return await visitors.identify(_peer(scope), dict(scope["headers"]))

    async def _take_session(self, call: Call) -> None:
        """Take up whose session the cookie of our pages names."""
        page = await self._gate.pages.of(call.scope, call.address) if self._gate.pages is not None else None
        if page is None:
            return
        call.unproven = not page.proven
        if page.proven:
            call.signed_in, call.visitor = page.signed_in, page.signed_in.principal

    def _address(self, scope: Scope) -> str:
        peer = _peer(scope)
        # Some proxies add a line of their own to what the client sent: only the last of all lines is theirs.
        lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        address = client_address(peer, ",".join(lines), self._gate.settings().gateway.trusted_proxies)
        if not is_loopback(address):
            return address
        if tunnelled := _header(scope, _TUNNELLED):
            return bare_address(tunnelled) or "unknown"
        return PassedOn(address) if any(name in SET_BY_PROXIES for name, _ in scope["headers"]) else address

    def _allows(self, origin: str) -> bool:
        allowed = self._gate.settings().gateway.allowed_origins
        return bool(allowed) and origin != "null" and ("*" in allowed or origin in allowed)

    def _is_foreign(self, origin: str, host: str) -> bool:
        """Whether a request comes from a page that is neither ours nor allowed."""
        return bool(origin) and not self._allows(origin) and origin.partition("://")[2] != host

    def _check_page(self, scope: Scope, origin: str, known: bool) -> None:
        """Where no key is asked for, or a proxy or a cookie says who comes (`known`), any page that a person opens could use
        the gateway: its browser knows no key, but it need not. Pages that are no website's (`app://`, extensions) are programs
        on this machine."""
        page = origin == "null" or origin.startswith(("http://", "https://"))
        if (
            page
            and (known or self._gate.settings().gateway.auth.mode == "none")
            and self._is_foreign(origin, _header(scope, b"host"))
        ):
            text = Text("http.foreign_page", {"origin": origin[:200]})
            raise GatewayError(ErrorKind.FORBIDDEN, text, {"code": "foreign_page"})

    def _check_host(self, scope: Scope) -> None:
        """Refuse names that a hostile page could have rebound to this address (attack case 7)."""
        settings = self._gate.settings().gateway
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if settings is not self._hosts_settings:
            self._hosts, self._hosts_settings = set(), settings
        if len(hosts) == 1 and hosts[0] in self._hosts:
            return  # found good before, under these very settings
        if len(hosts) > 1:
            raise _bad_host("")
        if not hosts:
            return
        if settings.bind != "loopback" and not settings.allowed_hosts:
            return
        host = hosts[0].decode("latin-1")
        name = host_name(host)
        tailnet = name is not None and name.endswith(_TAILNET) and allows_tailscale(settings)
        if name is None or not (is_local_name(name) or tailnet or name in settings.allowed_hosts):
            raise _bad_host(host)
        if len(self._hosts) < _MOST_HOSTS:
            self._hosts.add(hosts[0])


def host_name(host: str) -> str | None:
    """The name in a Host header, lower-case and without port; None where it is not a host."""
    if any(character in host for character in "/?#@\\ \t"):
        return None
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        return name if bracket and (not port or (port[0] == ":" and port[1:].isdigit())) else None
    name, _, port = host.partition(":")
    return name.lower().rstrip(".") if not port or port.isdigit() else None


def is_local_name(name: str) -> bool:
    """Whether a host name cannot be rebound: an address literal, or localhost."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _bad_host(host: str) -> GatewayError:
    return GatewayError(ErrorKind.BAD_REQUEST, Text("http.bad_host", {"host": host[:200]}), {"code": "bad_host"})


def gateway_stopped() -> GatewayError:
    """The inside of the gateway is left; it may be about to be entered again."""
    return GatewayError(ErrorKind.UNAVAILABLE, Text("http.gateway_stopped"), {"code": "gateway_stopped"}, retry_after=2)


def not_found(call: Call) -> GatewayError:
    """No such route."""
    values = {"method": call.method, "path": call.path[:200]}
    return GatewayError(ErrorKind.NOT_FOUND, Text("http.not_found", values), {"code": "not_found"})


def dialect_of(call: Call) -> str:
    """The protocol whose error shape fits a path that no route claimed."""
    if call.path.startswith("/v1beta") or (b"x-goog-api-key" in call.headers and call.path.startswith("/v1/models")):
        return "gemini"
    if call.path.startswith("/v1/messages") or b"anthropic-version" in call.headers:
        return "anthropic-messages"
    return "openai-chat"


def _draining() -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("http.draining"), {"code": "draining"}, retry_after=2)


def cors_headers(origin: str) -> Headers:
    """Answer headers for a browser page of an allowed origin."""
    return {
        "access-control-allow-origin": origin,
        "vary": "Origin",
        "access-control-allow-methods": "GET, POST, DELETE, OPTIONS",
        "access-control-allow-headers": "authorization, content-type, x-api-key, x-goog-api-key, anthropic-version, "
        "anthropic-beta, anthropic-dangerous-direct-browser-access, openai-beta, x-request-id, idempotency-key, "
        "last-event-id, x-openclaw-agent-id, x-openclaw-agent, x-openclaw-session-key, x-openclaw-model, "
        "x-openclaw-queue-mode",
        "access-control-expose-headers": "x-request-id, request-id, retry-after, x-crawdad-model, x-crawdad-notes, "
        "x-account-email, x-mapped-model",
        "access-control-max-age": "600",
    }


def _peer(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _header(scope: Scope, name: bytes) -> str:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return ""


def _with_headers(send: Send, extra: Headers) -> Send:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in extra.items()]

    async def wrapped(message: Scope) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *pairs]
        await send(message)

    return wrapped
