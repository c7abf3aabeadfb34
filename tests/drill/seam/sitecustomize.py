"""Python imports this at start when its directory is on the path: the application's clock is then the one that a test moves."""

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

_CLOCKED = "crawdad.adapters.system"


class _Clocked:
    """Loads the real module and puts the moved clock in it."""

    def __init__(self, spec: ModuleSpec) -> None:
        assert spec.loader is not None
        self._loader = spec.loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        from tests.support.moved_clock import Clock

        module.SystemClock = Clock  # type: ignore[attr-defined]


class _Finder:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name != _CLOCKED:
            return None
        spec = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        if spec is not None:
            spec.loader = _Clocked(spec)  # type: ignore[assignment]
        return spec


if "TEST_MOVED_CLOCK" in os.environ:
    sys.meta_path.insert(0, _Finder)
