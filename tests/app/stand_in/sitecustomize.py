"""Python imports this at start when its directory is on the path: the processes of these tests then run the stand-in
application beside this file in place of `crawdad.app.application`, under the real supervisor and the real server."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path


class _StandIn:
    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "crawdad.app.application":
            return spec_from_file_location(name, Path(__file__).with_name("application.py"))
        return None


sys.meta_path.insert(0, _StandIn)
