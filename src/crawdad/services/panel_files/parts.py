"""All that panels need for files, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.services.panel_files.cleaning import Cleaning
from crawdad.services.panel_files.documents import Documents
from crawdad.services.panel_files.files import PanelFiles
from crawdad.services.panel_files.uploads import Uploads


@dataclass(frozen=True, slots=True)
class FileParts:
    """The services."""

    files: PanelFiles
    uploads: Uploads
    cleaning: Cleaning
    documents: Documents
