"""OpenClaw's own shapes, put into Crawdad's: what a configuration written for OpenClaw says another way.

Where Crawdad cannot do what is asked, it does the safe thing and warns.
"""

from __future__ import annotations

from crawdad.services.configuration.findings import Findings
from crawdad.services.configuration.json5.document import Member, Node
from crawdad.services.configuration.paths import Path
from crawdad.services.configuration.trees import children, dropped, put, replaced

_LOG_LEVELS = {"trace": "debug", "warn": "warning", "fatal": "error", "silent": "error"}
_BINDS = {"auto": "loopback", "localhost": "loopback", "tailnet": "loopback"}
_FOREIGN_APIS = frozenset(
    ("openai-codex-responses", "github-copilot", "bedrock-converse-stream", "google-vertex", "azure-openai-responses")
)
_FOREIGN_LOGINS = frozenset(("oauth", "aws-sdk"))


def adapted(root: Node, findings: Findings) -> Node:
    """The tree with OpenClaw's shapes replaced by Crawdad's; every value still knows where it stands."""
    root = _with_levels(root)
    root = _with_bind(root, findings)
    root = _with_auth(root)
    root = _with_origins(root)
    providers = root.find(("models", "providers"))
    for name, provider in list(children(providers)) if providers is not None else []:
        path: Path = ("models", "providers", name)
        reason = _foreign(provider)
        if reason is not None:
            findings.warning("provider.foreign", path, provider, what=reason)
            root = dropped(root, path)
        else:
            root = put(root, path, _with_models(_with_login(provider), path, findings))
    return root


def _word(node: Node | None) -> str:
    return node.content if node is not None and isinstance(node.content, str) else ""


def _with_levels(root: Node) -> Node:
    level = root.find(("logging", "level"))
    if level is None or not isinstance(level.content, str):
        return root
    name = level.content.lower()
    return put(root, ("logging", "level"), replaced(level, _LOG_LEVELS.get(name, name)))


def _with_bind(root: Node, findings: Findings) -> Node:
    bind = root.find(("gateway", "bind"))
    word = _word(bind)
    if bind is None:
        return root
    if word == "custom":
        host = root.find(("gateway", "customBindHost"))
        if host is not None:
            return put(root, ("gateway", "bind"), host)
        findings.error("bind.custom", ("gateway", "bind"), bind)
        return dropped(root, ("gateway", "bind"))
    if word == "tailnet":
        findings.warning("bind.tailnet", ("gateway", "bind"), bind)
    return put(root, ("gateway", "bind"), replaced(bind, _BINDS[word])) if word in _BINDS else root


def _with_auth(root: Node) -> Node:
    """Mode `password` becomes `token`: they are checked alike."""
    path: Path = ("gateway", "auth", "mode")
    mode = root.find(path)
    word = _word(mode)
    password, token = (root.find(("gateway", "auth", key)) for key in ("password", "token"))
    if password is not None and token is None and word in ("", "password"):
        root = put(root, ("gateway", "auth", "token"), password)
    if mode is None or word != "password":
        return root
    return put(root, path, replaced(mode, "token"))


def _with_origins(root: Node) -> Node:
    """Pages that may open the control channel stand under another name there."""
    origins = root.find(("gateway", "controlUi", "allowedOrigins"))
    if origins is None or root.find(("gateway", "allowedOrigins")) is not None:
        return root
    return put(root, ("gateway", "allowedOrigins"), origins)


def _foreign(provider: Node) -> str | None:
    """The API or login of a provider that Crawdad does not have, if any."""
    api, login = _word(provider.child("api")), _word(provider.child("auth"))
    return api if api in _FOREIGN_APIS else login if login in _FOREIGN_LOGINS else None


def _with_login(provider: Node) -> Node:
    login = provider.child("auth")
    return put(provider, ("auth",), replaced(login, "api-key")) if login and login.content == "token" else provider


def _with_models(provider: Node, path: Path, findings: Findings) -> Node:
    """The provider's models as objects: a bare string is a model's id. Models of an API we do not have are left out."""
    models = provider.child("models")
    if models is None or not isinstance(models.content, list):
        return provider
    kept: list[Node] = []
    for place, model in enumerate(models.content):
        api = _word(model.child("api"))
        if api in _FOREIGN_APIS:
            findings.warning("provider.foreign", (*path, "models", place), model, what=api)
        elif isinstance(model.content, str):
            kept.append(replaced(model, {"id": Member(replaced(model, "id"), model)}))
        else:
            kept.append(model)
    return put(provider, ("models",), replaced(models, kept))
