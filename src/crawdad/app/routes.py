"""The table of routes: every path the gateway answers, in one place."""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.api.anthropic.routes import AnthropicRoutes
from crawdad.api.front_door import Routes, SocketHandler
from crawdad.api.gateway.routes import PLAIN, GatewayRoutes
from crawdad.api.gemini.routes import GeminiRoutes
from crawdad.api.management.mount import Mount
from crawdad.api.models_routes import ModelListRoutes
from crawdad.api.openai.completions import CompletionsRoutes
from crawdad.api.openai.responses import ResponsesRoutes
from crawdad.api.openai.responses_socket import ResponsesSocket
from crawdad.api.openai.routes import OpenAIRoutes
from crawdad.api.probes.routes import ProbeRoutes
from crawdad.api.speaking import Gate
from crawdad.services.responses.service import Responses


def routes_for(
    gate: Gate,
    responses: Responses,
    probes: ProbeRoutes,
    mounts: tuple[Mount, ...],
    sockets: Mapping[str, SocketHandler],
    own: GatewayRoutes | None = None,
) -> Routes:
    """All routes. `probes` tell how it is; `sockets` are the control channel and those of
    panels, `own` the routes to agents."""
    openai, anthropic, gemini = OpenAIRoutes(gate), AnthropicRoutes(gate), GeminiRoutes(gate)
    stored, models = ResponsesRoutes(gate, responses), ModelListRoutes(gate)
    completions = CompletionsRoutes(gate)
    return Routes(
        exact={
            "/v1/chat/completions": {"POST": openai.chat_completions},
            "/v1/messages": {"POST": anthropic.messages},
            "/v1/responses": {"POST": stored.create},
            "/v1/completions": {"POST": completions.create},
            "/v1/messages/count_tokens": {"POST": anthropic.count_tokens},
            "/v1/embeddings": {"POST": openai.embeddings},
            "/v1/images/generations": {"POST": openai.image_generations},
            "/v1/images/edits": {"POST": openai.image_edits},
            "/v1/audio/transcriptions": {"POST": openai.transcriptions},
            "/v1/audio/speech": {"POST": openai.speech},
            "/v1/models": {"GET": models.list},
            "/v1/models/claude": {"GET": models.list},
            "/v1/models/detect": {"POST": models.detect},
            "/v1beta/models": {"GET": models.list},
            "/v1/api/event_logging": {"POST": anthropic.telemetry},
            "/v1/api/event_logging/batch": {"POST": anthropic.telemetry},
            "/api/event_logging/batch": {"POST": anthropic.telemetry},
            "/health": {"GET": probes.health},
            "/healthz": {"GET": probes.health},
            "/ready": {"GET": probes.ready},
            "/readyz": {"GET": probes.ready},
            "/metrics": {"GET": probes.metrics},
            "/": {"GET": probes.root},
            **(own.exact if own is not None else {}),
        },
        prefixes=(
            ("/v1beta/models/", {"POST": gemini.post, "GET": models.one}),
            ("/v1/models/", {"POST": gemini.post, "GET": models.one}),
            ("/v1/responses/", {"GET": stored.get, "POST": stored.post, "DELETE": stored.delete}),
            *(own.prefixes if own is not None else ()),
        ),
        sockets={"/v1/responses": ResponsesSocket(gate, responses), **sockets},
        socket_prefixes=own.socket_prefixes if own is not None else (),
        judging=frozenset({"/"}),
        mounts=mounts,
        claims=own.claims if own is not None else (),
        plain=PLAIN,
        always=frozenset({"/health", "/healthz", "/ready", "/readyz", "/metrics"}),
    )
