"""The route class of the management contracts: faults leave it in the contract's own words."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import compile_path, get_name
from starlette.types import Receive, Scope, Send

from crawdad.api.later import Later
from crawdad.api.management.errors import status_of
from crawdad.api.management.mount import WriteError
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Language, Text

_log = structlog.get_logger(__name__)
_KIND_OF_STATUS = {status: ErrorKind.BAD_REQUEST for status in range(400, 500)} | {
    401: ErrorKind.UNAUTHENTICATED,
    403: ErrorKind.FORBIDDEN,
    404: ErrorKind.NOT_FOUND,
    413: ErrorKind.TOO_LARGE,
}
_CODE_OF_STATUS = {405: "method_not_allowed", 415: "unsupported_media_type"}
_MOST_FIELDS = 5


def language_of(request: Request) -> Language:
    """The language for words to whoever asks."""
    found: Language = request.state.language
    return found


def error_response(error: GatewayError, request: Request, write: WriteError) -> Response:
    """The answer that tells `error`."""
    status, body = write(error, language_of(request))
    headers = {} if error.retry_after is None else {"retry-after": str(max(0, math.ceil(error.retry_after)))}
    if status == 405 and "allow" in error.details:
        headers["allow"] = error.details["allow"]
    return Response(orjson.dumps(body), status, headers, "application/json")


def as_gateway_error(error: Exception, request: Request) -> GatewayError:
    """Any fault of a management request as the system's own error. What nobody foresaw is logged and told without its words."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, HTTPException):
        kind = _KIND_OF_STATUS.get(error.status_code, ErrorKind.INTERNAL)
        details: dict[str, Any] = {"code": _CODE_OF_STATUS.get(error.status_code, "http_error")}
        values = {"method": request.method, "path": request.url.path[:200]}
        if error.status_code == 405:
            details["allow"] = (error.headers or {}).get("Allow", "")
            return GatewayError(kind, Text("http.method", values), details)
        if error.status_code == 404:
            return GatewayError(kind, Text("http.not_found", values), {"code": "not_found"})
        return GatewayError(kind, str(error.detail), details)
    _log.exception("request_failed", request_id=request.state.id, path=request.url.path, exc_info=error)
    return GatewayError(ErrorKind.INTERNAL, Text("http.internal", {"request_id": request.state.id}))


def _validation(error: RequestValidationError) -> GatewayError:
    faults = []
    for entry in error.errors()[:_MOST_FIELDS]:
        place = ".".join(str(step) for step in entry["loc"] if step not in ("body", "query", "path"))
        faults.append(f"{place}: {entry['msg']}" if place else entry["msg"])
    places = {str(entry["loc"][0]) for entry in error.errors() if entry["loc"]}
    code = "invalid_query" if places <= {"query", "path", "header"} else "invalid_request"
    if any(entry["type"] == "json_invalid" for entry in error.errors()):
        code = "invalid_json"
    return GatewayError(ErrorKind.BAD_REQUEST, Text("http.invalid", {"faults": "; ".join(faults)}), {"code": code})


class StrictRequest(Request):
    """A request whose JSON is JSON: no `NaN`, no half of a surrogate pair (which could be neither kept nor told), no nesting
    without end."""

    async def json(self) -> Any:
        """The body. Raises `JSONDecodeError`."""
        return orjson.loads(await self.body())


def _as_json(scope: Scope) -> Scope:
    """The request with its body called JSON, unless it comes in parts."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-type" or _in_parts(value)]
    if not any(name == b"content-type" for name, _ in headers):
        headers.append((b"content-type", b"application/json"))
    return {**scope, "headers": headers}


def _in_parts(content_type: bytes) -> bool:
    return content_type.lower().startswith(b"multipart/")


def contract_route(write: WriteError, *, any_type: bool = False) -> type[APIRoute]:
    """The route class of the contract whose errors `write` words. `any_type`: a body counts as JSON whatever type its sender
    gives it (`curl -d` calls everything a form), and answers name their character set, without which some clients take JSON
    for Latin-1."""

    class ContractRoute(APIRoute):
        """Made in two steps: what tells it from others at once, the rest when it is first asked for. Nearly all the time that
        hundreds of routes take is for the rest, and of most contracts only a few are ever called."""

        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
            self.path, self.endpoint = path, endpoint
            self.name = options.get("name") or get_name(endpoint)
            self.path_regex, self.path_format, self.param_convertors = compile_path(path)
            self.methods = {method.upper() for method in options.get("methods") or ("GET",)}
            self.app = self._first_call
            self._options = options
            self._whole = Later(self._complete)

        def _complete(self) -> None:
            options = self.__dict__.pop("_options")
            try:
                super().__init__(self.path, self.endpoint, **options)
            except Exception:
                self._options = options  # whoever asks next hears of it again
                raise

        def __getattr__(self, name: str) -> Any:
            if "_options" not in self.__dict__:
                raise AttributeError(f"a route has no {name}")
            self._complete()
            return getattr(self, name)

        async def _first_call(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self._whole.get()
            await self.app(scope, receive, send)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def handled(request: Request) -> Response:
                scope = _as_json(request.scope) if any_type else request.scope
                try:
                    answer = await handle(StrictRequest(scope, request.receive))
                except Exception as error:  # the request is an edge
                    answer = error_response(as_gateway_error(error, request), request, write)
                if any_type and answer.headers.get("content-type") == "application/json":
                    answer.headers["content-type"] = "application/json; charset=utf-8"
                return answer

            return handled

    return ContractRoute


__all__ = ["as_gateway_error", "contract_route", "error_response", "language_of", "status_of"]
