"""Updating all installed plugins at once, where nobody looks at each: what asks for more than it had is left to somebody who
does (`crawdad plugins update`), and so is what is pinned."""

from __future__ import annotations

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.plugin_manifest import PluginPermissions
from crawdad.core.plugins import FoundPlugin
from crawdad.core.tasks import Report
from crawdad.core.text import Text
from crawdad.services.plugins.administration import PluginAdministration


async def update_all(plugins: PluginAdministration, report: Report) -> JsonObject:
    """Ask every installed plugin's source for it anew. `{updated, unchanged, needReview}`, each a list of ids. Raises
    UPSTREAM_ERROR at the end where some could not be had, when all others are done."""
    found = [one for one in await plugins.library.found() if one.origin != "bundled" and one.record.get("source")]
    done: dict[str, list[str]] = {"updated": [], "unchanged": [], "needReview": []}
    failed: list[str] = []
    for place, one in enumerate(found):
        try:
            fate = await _update(plugins, one)
            done[fate].append(one.id)
            report.say(Text(f"plugins.update.{fate}", {"id": one.id}))
        except GatewayError as error:
            failed.append(one.id)
            report.say(Text("plugins.update.failed", {"id": one.id, "message": error.text}))
        report.progress(100 * (place + 1) / len(found))
    if failed:
        ids = ", ".join(failed)
        raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("plugins.update.some_failed", {"ids": ids}))
    return {**done}


async def _update(plugins: PluginAdministration, one: FoundPlugin) -> str:
    candidate = await plugins.look_at_update(one.id)
    if candidate.package.digest == one.record.get("sha256"):
        return "unchanged"
    if candidate.more != PluginPermissions():
        return "needReview"
    await plugins.install(candidate, replace_it=True)
    return "updated"
