"""The methods of the control channel, a module a subject. Which of them are there depends on the parts that there are."""

from __future__ import annotations

from crawdad.api.control.context import Control
from crawdad.api.control.methods import (
    agent,
    agents,
    approval_files,
    approvals,
    backups,
    channels,
    chat,
    config,
    cron,
    devices,
    healing,
    logs,
    models,
    node_side,
    nodes,
    notifications,
    plugins,
    session_usage,
    sessions,
    skills,
    status,
    system,
    tasks,
    tools,
    update,
    usage,
    voice,
    wizard,
)
from crawdad.api.control.registry import Registry

_SUBJECTS = (
    *(
        status,
        logs,
        usage,
        config,
        approval_files,
        approvals,
        models,
        tools,
        skills,
        agents,
        sessions,
        session_usage,
        channels,
    ),
    *(voice, wizard, update, tasks, backups, healing, notifications, system, devices),
    *(nodes, node_side, cron, agent, chat, plugins),
)


def registry_of(control: Control) -> Registry:
    """All methods that these parts can answer."""
    return Registry(method for subject in _SUBJECTS for method in subject.methods(control))
