"""Crawdad as a service of this machine: what systemd or launchd is to be told. Text and paths only; `commands.service` acts."""

from __future__ import annotations

import os
import shutil
import sys

from crawdad.app.service.launchd import Launchd
from crawdad.app.service.systemd import Systemd
from crawdad.app.service.wish import ServiceManager

_BOOTED = "/run/systemd/system"  # sd_booted(3)


def present() -> ServiceManager | None:
    """The service manager that runs on this machine; None where it is one that we do not know (or a container has none)."""
    if sys.platform == "darwin":
        return Launchd()
    if os.path.isdir(_BOOTED) and shutil.which("systemctl"):
        return Systemd()
    return None


def usual() -> ServiceManager:
    """The service manager of such systems, whether or not it runs."""
    return Launchd() if sys.platform == "darwin" else Systemd()
