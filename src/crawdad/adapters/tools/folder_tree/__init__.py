"""Folders as panels show and change them (`core.folder_trees`), all of it through the one contained walk (`..folder`)."""

from crawdad.adapters.tools.folder_tree.trash import LocalFileTrash as LocalFileTrash
from crawdad.adapters.tools.folder_tree.tree import LocalFolderTree as LocalFolderTree
