"""Importing a plugin's code from its folder: always from the source, never in another module's place, and forgotten again.

The folder itself and `.lib` in it (what the plugin depends on) are searched for the plugin only as far as no module of the
gateway or of another plugin has the name.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec, SourceFileLoader
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

LIBRARIES = ".lib"
_CLAIMING = threading.Lock()
"""Plugins begin side by side: only one at a time looks which names are free, and takes them."""
Answer = TypeVar("Answer")


class PluginModules(MetaPathFinder):
    """The modules of one plugin, while it is loaded. `folder` None: a distribution, whose modules Python itself finds."""

    def __init__(self, plugin: str, folder: str | None, package: str) -> None:
        self._plugin = plugin
        self._package = package
        self._roots = [] if folder is None else [os.path.realpath(folder), os.path.realpath(f"{folder}/{LIBRARIES}")]
        self._tops: dict[str, str] = {}

    def function(self, entry: str) -> Callable[..., Any]:
        """The function `module:function`. Raises CONFLICT for a module whose name is taken, and what importing it raises."""
        if self._roots:
            with _CLAIMING:
                self._claim()
                sys.meta_path.insert(0, self)
        module_name, _, name = entry.partition(":")
        module = importlib.import_module(module_name)
        found = getattr(module, name, None)
        if not callable(found):
            values = {"module": module_name, "function": name}
            raise GatewayError(ErrorKind.BAD_REQUEST, Text("plugins.no_entry", values), {"code": "no_entry"})
        return found  # type: ignore[no-any-return]

    def forget(self) -> None:
        """As if it had never been imported."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        for name, module in list(sys.modules.items()):
            if self._owns(name, module):
                del sys.modules[name]
        importlib.invalidate_caches()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder`."""
        if path is None:
            root = self._tops.get(fullname)
            return None if root is None else _spec(fullname, root)
        for place in path:
            if any(os.path.realpath(place).startswith(root) for root in self._roots):
                found = _spec(fullname, place)
                if found is not None:
                    return found
        return None

    def _claim(self) -> None:
        own, libraries = self._roots
        for name in _tops(own):
            if name in sys.stdlib_module_names or _is_known(name):
                values = {"module": name, "plugin": self._plugin}
                raise GatewayError(ErrorKind.CONFLICT, Text("plugins.module_taken", values), {"code": "module_taken"})
            self._tops[name] = own
        for name in _tops(libraries):
            if name not in self._tops and name not in sys.stdlib_module_names and not _is_known(name):
                self._tops[name] = libraries

    def _owns(self, name: str, module: ModuleType) -> bool:
        if not self._roots:
            return name == self._package or name.startswith(f"{self._package}.")
        file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "")
        return bool(file) and any(os.path.realpath(file).startswith(root + os.sep) for root in self._roots)


class _Source(SourceFileLoader):
    """Reads sources only: what lies in a `__pycache__` may be older, or somebody else's."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return compile(self.get_data(path), path, "exec", dont_inherit=True)


def _spec(fullname: str, place: str) -> ModuleSpec | None:
    name = fullname.rpartition(".")[2]
    package = os.path.join(place, name)
    inside = os.path.join(package, "__init__.py")
    if os.path.isfile(inside):
        return spec_from_file_location(
            fullname, inside, loader=_Source(fullname, inside), submodule_search_locations=[package]
        )
    if os.path.isfile(f"{package}.py"):
        return spec_from_file_location(fullname, f"{package}.py", loader=_Source(fullname, f"{package}.py"))
    for suffix in EXTENSION_SUFFIXES:
        if os.path.isfile(package + suffix):
            loader = ExtensionFileLoader(fullname, package + suffix)
            return spec_from_file_location(fullname, package + suffix, loader=loader)
    return None


def _tops(root: str) -> list[str]:
    """The names that can be imported from a folder."""
    try:
        entries = sorted(Path(root).iterdir())
    except OSError:
        return []
    names = [each.stem for each in entries if each.suffix == ".py"]
    names += [each.name.partition(".")[0] for each in entries if each.suffix == ".so"]
    names += [each.name for each in entries if (each / "__init__.py").is_file()]
    return [name for name in dict.fromkeys(names) if name.isidentifier()]


def _is_known(name: str) -> bool:
    try:
        return name in sys.modules or find_spec(name) is not None
    except (ImportError, ValueError):
        return True


class TookTooLong(Exception):
    """A function in a thread of its own did not end in time."""


async def in_own_thread(function: Callable[[], Answer], seconds: float, name: str) -> Answer:
    """Run `function` in a thread that nobody waits for at the end. Raises `TookTooLong`; the thread is then asked to stop,
    which Python code does and code that waits in the system does not."""
    import asyncio

    future: Future[Answer] = Future()

    def work() -> None:
        try:
            answer = function()
        except BaseException as error:  # whatever it is: it is told to whoever waits, and ends no thread loudly
            if not future.cancelled():
                future.set_exception(error if isinstance(error, Exception) else RuntimeError(type(error).__name__))
        else:
            if not future.cancelled():
                future.set_result(answer)

    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(future)
    except TimeoutError:
        if thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        raise TookTooLong from None
