"""The methods of the control channel: name, scope, params and handler of each, in one table that documents are made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from crawdad.api.control.connection import Connection
from crawdad.core.parts import JsonObject
from crawdad.core.text import Language
from crawdad.wire.control import errors, frames
from crawdad.wire.control.schema import NOTHING, Schema, problems_of
from crawdad.wire.control.scopes import ADMIN, NODE, OPERATOR, holds


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way to its handler: the params, checked, and who asks."""

    id: str
    params: JsonObject
    connection: Connection

    @property
    def language(self) -> Language:
        """The language of whoever asks."""
        return self.connection.language

    def answer_early(self, payload: Any) -> None:
        """Give a first answer; the handler's own follows under the same id."""
        self.connection.offer(frames.response(self.id, payload))


class Failed(Exception):
    """A request failed, with a payload that tells more."""

    def __init__(self, payload: Any, error: JsonObject) -> None:
        super().__init__(str(error.get("message")))
        self.payload = payload
        self.error = error


Handler = Callable[[Asked], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """One method. `scope` is an operator's, or `node` for those that only nodes call. `result` shows the answer's shape in the
    document; what the method is for stands in the catalogue, under `control.<name>`. `waits`: it is answered when something
    else has happened, such as the end of a run or somebody's decision."""

    name: str
    scope: str
    handler: Handler
    params: Schema = field(default_factory=lambda: NOTHING)
    result: str = "{ok}"
    advertised: bool = True
    waits: bool = False


class Registry:
    """All methods that are really there. What nobody registered is neither advertised nor known."""

    def __init__(self, methods: Iterable[Method] = ()) -> None:
        self._methods: dict[str, Method] = {}
        for method in methods:
            self.add(method)

    def add(self, method: Method) -> None:
        """Offer a method. Raises ValueError for a name that is taken."""
        if method.name in self._methods or method.name == "connect":
            raise ValueError(f"the method {method.name} is there already")
        self._methods[method.name] = method

    def remove(self, name: str) -> None:
        """Offer a method no more."""
        self._methods.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self._methods

    def waits(self, name: str) -> bool:
        """Whether that method is answered when something else has happened."""
        method = self._methods.get(name)
        return method is not None and method.waits

    def __iter__(self) -> Iterator[Method]:
        return iter(self._methods.values())

    def advertised(self) -> list[str]:
        """What clients are told of, in the order of registration."""
        return [method.name for method in self if method.advertised]

    def admit(self, name: str, connection: Connection) -> Method | JsonObject:
        """The method, if the client may call it; else the error, in the order in which clients know the checks."""
        if name == "connect":
            return errors.error(errors.INVALID_REQUEST, "connect is only valid as the first request")
        method, role = self._methods.get(name), connection.admitted.role
        for_nodes = method is not None and method.scope == NODE
        if for_nodes != (role == NODE):
            return errors.error(errors.INVALID_REQUEST, f"unauthorized role: {role}")
        scope = ADMIN if method is None else method.scope
        if role == OPERATOR and not holds(connection.admitted.scopes, scope):
            return errors.missing_scope(scope, connection.version)
        if method is None:
            return errors.error(errors.INVALID_REQUEST, f"unknown method: {name[:200]}")
        return method


def check(method: Method, params: Any) -> JsonObject | None:
    """The error that params are refused with, if they are."""
    problems = problems_of(method.params, params)
    if not problems:
        return None
    return errors.error(errors.INVALID_REQUEST, f"invalid {method.name} params: {problems}")
