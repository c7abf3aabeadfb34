"""Which keys a configuration may hold: Crawdad's own, taken from the settings' types, and OpenClaw's, from a table.

Any other key stays in the file and is reported, with the nearest key that exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_args, get_origin

from crawdad.core.section import Section
from crawdad.core.settings import Settings
from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.problems import Severity


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPENCLAW_KEYS: dict[str, frozenset[str]] = {
    "": _words(
        "$schema acp agent audio auth broadcast browser canvasHost cli diagnostics discovery env identity "
        "media memory meta nodeHost routing talk ui web wizard"
    ),
    "UpdateSettings": _words("auto"),
    "GatewaySettings": _words(
        "allowRealIpFallback channelHealthCheckMinutes controlUi customBindHost mode push reload remote tls"
    ),
    "ModelsSettings": _words("bedrockDiscovery"),
    "NodesSettings": _words("browser"),
    "LogSettings": _words("consoleLevel consoleStyle maxFileBytes redactPatterns redactSensitive"),
    "SecretsSettings": _words("defaults providers resolution"),
    "AgentDefaults": _words(
        "blockStreamingBreak blockStreamingChunk blockStreamingCoalesce blockStreamingDefault cliBackends "
        "elevatedDefault embeddedPi envelopeElapsed envelopeTimestamp envelopeTimezone humanDelay "
        "imageMaxDimensionPx mediaMaxMb repoRoot timeFormat typingIntervalSeconds typingMode verboseDefault"
    ),
    "AgentEntry": _words("agentDir groupChat humanDelay params"),
    "ModelEntry": _words("streaming"),
    "SubagentDefaults": _words("announceTimeoutMs archiveAfterMinutes"),
    "LoopDetectors": _words("knownPollNoProgress"),
    "MessagesSettings": _words("messagePrefix suppressToolErrors tts"),
    "CoalesceSettings": _words("idleMs"),
    "CommandsSettings": _words(
        "bash bashForegroundMs config debug native nativeSkills ownerDisplay ownerDisplaySecret restart useAccessGroups"
    ),
    "HeartbeatSettings": _words("directPolicy includeReasoning suppressToolErrorWarnings"),
    "SessionSettings": _words("mainKey parentForkMaxTokens store threadBindings typingIntervalSeconds typingMode"),
    "SessionMaintenanceSettings": _words("highWaterBytes maxDiskBytes pruneDays rotateBytes"),
    "ToolsSettings": _words("links message"),
    "MediaToolsSettings": _words("asyncCompletion concurrency image models video"),
    "AudioSettings": _words(
        "attachments baseUrl deepgram echoFormat echoTranscript headers maxChars providerOptions request scope"
    ),
    "MediaModelSettings": _words(
        "args baseUrl capabilities command deepgram headers maxChars preferredProfile profile providerOptions"
    ),
    "WebFetchSettings": _words("firecrawl maxRedirects readability"),
    "SkillsLoadSettings": _words("watch watchDebounceMs"),
    "CronSettings": _words("store"),
    "HooksSettings": _words("gmail internal"),
    "ExecSettings": _words("host node"),
    "ApplyPatchSettings": _words("workspaceOnly"),
    "AgentToolsSettings": _words("elevated"),
    "ApprovalsSettings": _words("exec"),
    "SandboxSettings": _words("perSession prune scope sessionToolsVisibility workspaceRoot"),
    "ContainerSettings": _words(
        "apparmorProfile binds capDrop containerPrefix dangerouslyAllowContainerNamespaceJoin "
        "dangerouslyAllowExternalBindSources dangerouslyAllowReservedContainerTargets dns env extraHosts "
        "memorySwap readOnlyRoot seccompProfile setupCommand tmpfs ulimits workdir"
    ),
    "CronRunLogSettings": _words("maxBytes"),
    "GatewayHttpSettings": _words("securityHeaders"),
    "TailscaleSettings": _words("resetOnExit"),
    "FileInputSettings": _words("pdf"),
    "SearchServiceSettings": _words("inlineCitations"),
    "SkillsInstallSettings": _words("nodeManager preferBrew"),
    "MemorySearchSettings": _words("cache experimental fallback local remote store sync"),
    "MemoryQuerySettings": _words("maxInjectedChars"),
    "HybridSettings": _words("candidateMultiplier mmr temporalDecay"),
    "McpServerSettings": _words("disabled transport type workingDirectory"),
    "PluginsSettings": _words("installs"),
    "PluginEntrySettings": _words("apiKey env hooks"),
}


"""Keys OpenClaw has and Crawdad does not use, by the section they stand in (`""`: the top level)."""

_USED_ANYHOW = frozenset(("env", "secrets"))


def is_used(path: Path) -> bool:
    """Whether Crawdad reads what stands at `path`: a fault elsewhere does not keep it from starting."""
    return not path or path[0] in _fields(Settings) or path[0] in _USED_ANYHOW


def report_unknown_keys(root: Node, findings: Findings) -> None:
    """Warn of every key that neither Crawdad nor OpenClaw knows."""
    for path, key, known in _unknown(root, Settings, ()):
        if findings.is_full(Severity.WARNING):
            break
        near = nearest(str(key.content), known)
        if near is None:
            findings.warning("key.unknown", path, key)
        else:
            findings.warning("key.near", path, key, near=near)


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant: spelled alike, or the same but for case, `_` and `-`."""
    from difflib import get_close_matches

    bare = {_bare(other): other for other in sorted(words)}
    found = get_close_matches(_bare(word[:100]), bare, n=1, cutoff=0.7)
    return bare[found[0]] if found else None


def _bare(word: str) -> str:
    return word.lower().replace("_", "").replace("-", "")


def _unknown(node: Node, section: type[Section], path: Path) -> Iterator[tuple[Path, Node, list[str]]]:
    if not isinstance(node.content, dict):
        return
    fields = _fields(section)
    foreign = OPENCLAW_KEYS.get("" if section is Settings else section.__name__, frozenset())
    for key, member in node.content.items():
        if key in fields:
            yield from _below(member.value, fields[key], (*path, key))
        elif key not in foreign and section.model_config.get("extra") != "allow":
            yield (*path, key), member.key, [*fields, *foreign]


def _below(node: Node, kind: Any, path: Path) -> Iterator[tuple[Path, Node, list[str]]]:
    """The unknown keys of a value whose declared type is `kind`: a section, or a dict or tuple of them."""
    if isinstance(kind, type) and issubclass(kind, Section):
        yield from _unknown(node, kind, path)
        return
    arguments = get_args(kind)
    if get_origin(kind) is dict and isinstance(node.content, dict):
        for key, member in node.content.items():
            yield from _below(member.value, arguments[1], (*path, key))
    elif get_origin(kind) is tuple and isinstance(node.content, list):
        for place, item in enumerate(node.content):
            yield from _below(item, arguments[0], (*path, place))


@cache
def _fields(section: type[Section]) -> dict[str, Any]:
    """The keys of a section as they stand in the file, each with its declared type."""
    return {field.alias or name: field.annotation for name, field in section.model_fields.items()}
