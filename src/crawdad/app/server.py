"""`crawdad serve`: the application process, alone or under the supervisor.

Under the supervisor the listening sockets come over the control channel, the event loop's heartbeat goes back over it,
and the process ends with its supervisor. Alone it opens the sockets itself; everything else is the same.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import faulthandler
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import uvloop

from crawdad.app import exits, switching
from crawdad.app.address_holder import address_problem
from crawdad.app.control import ApplicationEnd, Disconnected
from crawdad.app.ending_with_parent import end_with_parent
from crawdad.app.greeting import greet
from crawdad.app.launch import Launch
from crawdad.app.listening import AddressError, Listeners
from crawdad.app.process import Patience
from crawdad.app.record import make_home
from crawdad.app.words import LANGUAGE
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.pacing import until_next
from crawdad.core.settings import GatewaySettings

if TYPE_CHECKING:
    from crawdad.app.agent_side import OpenAgents

_MOST_FILES = 65536
_TRACEBACK_BYTES = 1_000_000
_ARENA_MAX = -8  # M_ARENA_MAX


def main() -> int:
    """The process that the supervisor starts."""
    parser = argparse.ArgumentParser(prog="crawdad.app.server")
    parser.add_argument("--home")
    parser.add_argument("--config")
    parser.add_argument("--control", type=int, required=True)
    parser.add_argument("--safe-mode", action="store_true")
    options = parser.parse_args()
    end_with_parent()
    control = ApplicationEnd(socket.socket(fileno=options.control))
    control.connection.set_inheritable(False)
    return run(Launch.from_environment(options.home, options.config), control, safe_mode=options.safe_mode)


def run(
    launch: Launch,
    control: ApplicationEnd | None = None,
    *,
    safe_mode: bool = False,
    as_json: bool = False,
    open_agents: OpenAgents | None = None,
) -> int:
    """Serve until told to stop; the exit code. A fault that nobody foresaw ends the process with its traceback."""
    _prepare(launch)
    if _settles_restore(launch):
        return exits.OK  # the supervisor puts the rest in place, and starts anew
    lock = _take_place(launch, alone=control is None)
    gc.disable()  # nothing that a start makes is rubbish: looking for some costs it a fifth of its time
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_serve(launch, control, safe_mode, as_json, open_agents))
    except AddressError as error:
        print(address_problem(error), file=sys.stderr)
        return exits.ADDRESS_TAKEN
    except GatewayError as error:
        print(error.message(LANGUAGE), file=sys.stderr)
        return _code_of(error)
    except (asyncio.CancelledError, Disconnected):
        return exits.INTERRUPTED
    finally:
        os.close(lock)
        if control is None:
            _give_up_trial(launch)


def _code_of(error: GatewayError) -> int:
    if error.details.get("code") == "damaged":
        return exits.DAMAGED
    return exits.CONFIGURATION if error.kind is ErrorKind.BAD_REQUEST else exits.PROBLEM


def _take_place(launch: Launch, *, alone: bool) -> int:
    """The lock that applications share. Without a supervisor this process sees to what is to be put in place before."""
    if alone:
        with contextlib.suppress(switching.InUse):
            switching.begin(launch.home)
    return switching.share(launch.home)


def _settles_restore(launch: Launch) -> bool:
    """A restore was cut off while it wrote rows: whether the rest of it is put in place by the supervisor now."""
    journal = switching.read(launch.home)
    if journal is None or journal.state != "rows":
        return False
    from crawdad.app.operations import open_backups

    async def settle() -> bool:
        async with open_backups(launch) as kept:
            return await kept.restores.settle() == "restarting"

    try:
        return asyncio.run(settle())
    except (GatewayError, OSError) as error:  # it says so itself, should it be in the way of the start, too
        print(error.message(LANGUAGE) if isinstance(error, GatewayError) else error, file=sys.stderr)
        return False


def _give_up_trial(launch: Launch) -> None:
    """This process has ended without having kept what it was to try: what was before comes back."""
    with contextlib.suppress(switching.InUse, OSError):
        switching.undo(launch.home, switching.NOT_SERVED)


async def _serve(
    launch: Launch,
    control: ApplicationEnd | None,
    safe_mode: bool,
    as_json: bool,
    open_agents: OpenAgents | None,
) -> int:
    """Until it is told to stop: the exit code."""
    _share_arenas()
    _import_structlog()
    from crawdad.app.application import open_application
    from crawdad.app.front import Front

    stop = _stop_event()
    with _Heart(control, Patience.from_environment(launch.environment).hang):
        async with open_application(launch, safe_mode=safe_mode, open_agents=open_agents) as application:
            gateway = application.settings.gateway
            sockets = await _sockets(gateway, control)
            # Only now: a start that gets no port must not make a token that nobody is ever told.
            token = await application.make_first_token()
            front = Front(application.asgi, gateway.max_body_bytes)
            await front.serve(sockets)
            gc.enable()
            gc.freeze()  # what lives now lives on: spares every full collection a pause of some 50 ms
            # Requests leave few cycles behind: looking for them less often is free speed.
            gc.set_threshold(20_000, 20, 20)
            facts = {"first_token": token, "authentication": gateway.auth.mode != "none"}
            if control is None:
                switching.keep(launch.home)  # what was put in place works
                addresses = [each.getsockname()[:2] for each in sockets]
                greet(launch, addresses, facts, as_json=as_json)
            else:
                control.ready(drain_seconds=gateway.drain_seconds, **facts)
                _stop_with_supervisor(control, stop)
            await stop.wait()
            await front.wind_down(application, gateway.drain_seconds)
            return application.exit_code


async def _sockets(gateway: GatewaySettings, control: ApplicationEnd | None) -> Sequence[socket.socket]:
    ports = [gateway.port, *gateway.extra_ports]
    if control is None:
        return Listeners().provide(gateway.bind, ports)
    return await asyncio.to_thread(control.sockets, gateway.bind, ports)


def _stop_event() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second cancels what still runs."""
    loop = asyncio.get_running_loop()
    serving = asyncio.current_task()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set() and serving is not None:
            serving.cancel()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return stop


def _stop_with_supervisor(control: ApplicationEnd, stop: asyncio.Event) -> None:
    """Where the kernel does not end us with our parent, the end of the channel does."""
    loop = asyncio.get_running_loop()

    def on_readable() -> None:
        if control.supervisor_is_gone():
            loop.remove_reader(control.connection)
            stop.set()

    loop.add_reader(control.connection, on_readable)


class _Heart:
    """Beats over the control channel for as long as the event loop turns."""

    def __init__(self, control: ApplicationEnd | None, hang_seconds: float) -> None:
        self._control = control
        self._interval = min(1.0, hang_seconds / 5)
        self._next: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        if self._control is not None:
            self._beat(self._control)

    def __exit__(self, *_: object) -> None:
        if self._next is not None:
            self._next.cancel()

    def _beat(self, control: ApplicationEnd) -> None:
        control.beat()
        loop = asyncio.get_running_loop()
        self._next = loop.call_later(until_next(loop.time(), self._interval), self._beat, control)


def _prepare(launch: Launch) -> None:
    """Limits and crash reports of this process."""
    make_home(launch.home)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every secret
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    path = launch.logs / "traceback.log"
    forget = os.O_TRUNC if path.exists() and path.stat().st_size > _TRACEBACK_BYTES else 0
    faulthandler.enable(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | forget, 0o600))


def _import_structlog() -> None:
    """structlog looks for rich, for tracebacks that are never drawn here, and that takes a twentieth of a start: it finds
    none."""
    if "structlog" in sys.modules or "rich" in sys.modules:
        return
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        import structlog  # noqa: F401
    finally:
        del sys.modules["rich"]


def _share_arenas() -> None:
    """Of itself glibc gives nearly every thread an arena of its own, and each keeps what was freed in it: of two, it was
    the second that went on growing. Threads here wait for one another anyway."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError):  # another C library has no such knob
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


if __name__ == "__main__":
    sys.exit(main())
