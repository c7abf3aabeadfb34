"""Manifests of plugins: what a plugin says of itself in a file, read without running any of its code. Pure.

The file is `crawdad.plugin.json` or `crawdad.plugin.toml`. Every fault is told with its place; a key that nobody knows is a
fault as well, unless it begins with `x-`.
"""

from __future__ import annotations

from crawdad.core.plugin_manifest.manifest import CommandOffer, Manifest, Offers, PluginPermissions, Words, host_allowed
from crawdad.core.plugin_manifest.reading import (
    FOREIGN_MANIFEST,
    MANIFEST_NAMES,
    MOST_BYTES,
    ManifestProblem,
    bad_manifest,
    read_manifest,
)
from crawdad.core.plugin_manifest.versions import PLUGIN_API, api_fits, version_key

__all__ = [
    "FOREIGN_MANIFEST",
    "MANIFEST_NAMES",
    "MOST_BYTES",
    "PLUGIN_API",
    "CommandOffer",
    "Manifest",
    "ManifestProblem",
    "Offers",
    "PluginPermissions",
    "Words",
    "api_fits",
    "bad_manifest",
    "host_allowed",
    "read_manifest",
    "version_key",
]
