"""Attack 52: an update on a full disk, and where nothing may be written: it ends with the version that runs, and says why."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crawdad import __version__
from tests.app.test_update_command import NEW, crawdad, index, running_version
from tests.drill import disks
from tests.drill.scenario import NotPossible
from tests.simulators.package_index import PackageIndex, make_wheel, wheel_name
from tests.support.server import UP, Gateway, running_gateway, settings
from tests.support.services import lacking
from tests.support.waiting import eventually

__all__ = ["index"]


@contextmanager
def full(place: Path) -> Iterator[None]:
    disks.fill(place)
    try:
        yield
    finally:
        disks.empty(place)


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    """Where the versions lie."""
    versions = place / "versions"
    versions.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", versions], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", versions], check=True)


def updated(gateway: Gateway) -> str:
    code, told = crawdad(gateway, "update", "run")
    assert code != 0
    return str(told)


def test_the_running_version_stays_and_the_reason_is_told(tmp_path: Path, index: PackageIndex) -> None:
    index.files = {wheel_name(NEW): make_wheel(NEW)}
    config = settings({}) | {"update": {"index": f"{index.url}/simple"}, "healing": {"enabled": False}}
    env = {"CRAWDAD_UPDATES": "self", "CRAWDAD_UPDATE_INDEX": "", "CRAWDAD_BACKOFF_SECONDS": "0.05"}
    try:
        with (
            disks.disk(tmp_path / "disk", 300) as place,
            running_gateway(config, env=env, command=UP, home=place) as gateway,
        ):
            with read_only(place):
                assert "Read-only file system" in updated(gateway)
            assert running_version(gateway) == __version__ and gateway._ready()
            with full(place):
                assert "No space left on device" in updated(gateway)
            assert running_version(gateway) == __version__
            eventually(gateway._ready, "the gateway to be well with room again", 90)
    except NotPossible as error:
        lacking(str(error))
