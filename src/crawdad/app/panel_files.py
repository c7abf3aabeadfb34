"""The files of workspaces for panels, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from crawdad.adapters.tools.folder_tree import LocalFileTrash, LocalFolderTree
from crawdad.adapters.workspaces import LocalWorkspaces
from crawdad.app.accounts import World
from crawdad.core.happenings import Event
from crawdad.services.agents.roster import build_roster
from crawdad.services.panel_files.areas import Areas
from crawdad.services.panel_files.cleaning import Cleaning
from crawdad.services.panel_files.documents import Documents
from crawdad.services.panel_files.files import PanelFiles
from crawdad.services.panel_files.notes import Notes
from crawdad.services.panel_files.parts import FileParts
from crawdad.services.panel_files.uploads import Uploads
from crawdad.services.panel_values import PanelValues
from crawdad.store.key_values import KeyValues


def panel_files_in(world: World) -> FileParts:
    """What panels show of workspaces; agents need not run for it."""
    home, values = Path(world.home), KeyValues(world.database)

    async def tell(topic: str, data: dict[str, Any]) -> None:
        await world.cluster.bus.publish(Event(topic, data, world.clock.now(), world.runner))

    tree = LocalFolderTree()
    areas = Areas(lambda: build_roster(world.settings(), home), LocalWorkspaces())
    files = PanelFiles(
        areas, tree, LocalFileTrash(home / "trash" / ".files"), Notes(values), world.clock, world.randomness, tell
    )
    return FileParts(
        files,
        Uploads(tree, files, world.clock, world.settings, tell),
        Cleaning(files, tree, PanelValues(values), world.clock),
        Documents(tree, world.home),
    )
