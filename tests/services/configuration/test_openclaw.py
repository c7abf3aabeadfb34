"""A configuration written for OpenClaw loads as it is."""

from __future__ import annotations

import pytest

from crawdad.core.settings import Settings
from crawdad.services.configuration.loading import Loaded
from tests.services.configuration.fakes import source_of

WHOLE = """
{
  $schema: "https://example.org/openclaw.schema.json",
  meta: { lastTouchedVersion: "2026.2.26", lastTouchedAt: "2026-02-27T10:00:00.000Z" },
  env: { shellEnv: { enabled: true, timeoutMs: 15000 }, vars: { GROUP: "g" }, EXTRA: "e" },
  wizard: { lastRunMode: "local" },
  logging: { level: "trace", consoleLevel: "info", consoleStyle: "pretty", redactSensitive: "tools", file: "/tmp/x.log" },
  update: { channel: "stable" },
  browser: { enabled: true },
  ui: { seamColor: "#ff0000" },
  auth: { profiles: { "anthropic:me": { provider: "anthropic", mode: "api_key" } } },
  acp: { enabled: false },
  models: {
    mode: "merge",
    providers: {
      custom: {
        baseUrl: "http://localhost:4000/v1",
        apiKey: "LITELLM_KEY_PLAIN",
        api: "openai-completions",
        authHeader: true,
        headers: { "X-Team": "red" },
        models: [
          {
            id: "llama-3.1-8b",
            name: "Llama",
            api: "openai-responses",
            reasoning: true,
            input: ["text", "image"],
            cost: { input: 0.1, output: 0.2, cacheRead: 0, cacheWrite: 0 },
            contextWindow: 128000.0,
            maxTokens: 32000,
            compat: { supportsStore: false, maxTokensField: "max_tokens", thinkingFormat: "zai" },
          },
          "bare-name",
        ],
      },
      claude: { baseUrl: "https://api.anthropic.com", api: "anthropic-messages", auth: "token", apiKey: "k", models: [] },
      aws: { baseUrl: "https://bedrock", auth: "aws-sdk", api: "bedrock-converse-stream", models: [] },
      copilot: { baseUrl: "https://copilot", api: "github-copilot", models: [] },
      login: { baseUrl: "https://login", auth: "oauth", models: [] },
    },
    bedrockDiscovery: { enabled: false },
  },
  agents: { defaults: { model: { primary: "custom/llama-3.1-8b" }, models: { "custom/llama-3.1-8b": { alias: "l" } } }, list: [{ id: "main" }] },
  bindings: [{ agentId: "main", match: { channel: "telegram" } }],
  tools: { profile: "full", exec: { host: "gateway" } },
  messages: { queue: { mode: "collect" } },
  commands: { native: "auto" },
  session: { dmScope: "main" },
  cron: { enabled: true },
  hooks: { enabled: true, token: "hook" },
  web: { enabled: true }, channels: { telegram: { botToken: "1:a" } }, discovery: { mdns: { mode: "minimal" } },
  canvasHost: { enabled: true }, talk: { apiKey: "x" }, skills: { entries: {} }, plugins: { enabled: true },
  memory: { backend: "builtin" }, nodeHost: {}, broadcast: {}, audio: {}, media: {}, approvals: {}, diagnostics: {},
  gateway: {
    port: 18789, mode: "local", bind: "auto", customBindHost: "10.0.0.1", trustedProxies: ["127.0.0.1"],
    allowRealIpFallback: false, channelHealthCheckMinutes: 5,
    controlUi: { enabled: true }, tools: { deny: [] }, tailscale: { mode: "off" }, remote: { url: "ws://x" },
    reload: { mode: "hybrid" }, tls: { enabled: false }, http: { endpoints: {} }, nodes: { allowCommands: [] },
    auth: { mode: "token", token: "${OPENCLAW_GATEWAY_TOKEN}", allowTailscale: true, rateLimit: { maxAttempts: 10 } },
  },
  secrets: { providers: { default: { source: "env" } }, defaults: { env: "default" }, resolution: {} },
}
"""


async def load(text: str, environment: dict[str, str] | None = None) -> Loaded:
    source, _ = source_of(text, environment)
    return await source.load()


async def settings_of(text: str) -> Settings:
    loaded = await load(text)
    assert loaded.settings is not None, [p.describe() for p in loaded.problems]
    return loaded.settings


async def test_a_whole_configuration_loads_and_only_what_cannot_be_used_is_mentioned() -> None:
    loaded = await load(WHOLE, {"OPENCLAW_GATEWAY_TOKEN": "0123456789abcdef0123"})
    assert loaded.settings is not None
    assert [(p.path, p.is_error, p.message.key) for p in loaded.problems] == [
        (f"models.providers.{name}", False, "configuration.provider.foreign") for name in ("aws", "copilot", "login")
    ]
    settings = loaded.settings
    assert settings.gateway.bind == "loopback" and settings.logging.level == "debug"
    assert settings.gateway.auth.token is not None and settings.gateway.auth.token.reveal() == "0123456789abcdef0123"
    assert sorted(settings.models.providers) == ["claude", "custom"]
    custom = settings.models.providers["custom"]
    assert custom.auth_header and custom.headers["X-Team"].reveal() == "red"
    llama, bare = custom.models
    assert (llama.context_window, llama.cost.input, llama.compat["thinkingFormat"]) == (128000, 0.1, "zai")
    assert (bare.id, bare.name) == ("bare-name", None)


@pytest.mark.parametrize("mode", ["mode: 'password', ", ""])
async def test_a_password_is_a_token(mode: str) -> None:
    auth = (await settings_of(f"{{gateway: {{auth: {{{mode}password: 'correct horse battery'}}}}}}")).gateway.auth
    assert auth.mode == "token" and auth.token == auth.password and auth.token is not None


async def test_a_password_does_not_replace_a_token() -> None:
    text = "{gateway: {auth: {mode: 'password', token: 'the-token-itself-1', password: 'correct horse battery'}}}"
    token = (await settings_of(text)).gateway.auth.token
    assert token is not None and token.reveal() == "the-token-itself-1"


async def test_a_proxy_that_nobody_trusts_cannot_say_who_comes() -> None:
    loaded = await load("{gateway: {bind: 'lan', auth: {mode: 'trusted-proxy', trustedProxy: {userHeader: 'x-user'}}}}")
    assert loaded.settings is None and [problem.path for problem in loaded.problems] == ["gateway.auth.mode"]
    trusting = (
        "{gateway: {trustedProxies: ['10.0.0.1'], auth: {mode: 'trusted-proxy', trustedProxy: {userHeader: 'x'}}}}"
    )
    settings = (await load(trusting)).settings
    assert settings is not None and settings.gateway.auth.mode == "trusted-proxy"


async def test_hooks_need_a_token_and_a_path_of_their_own() -> None:
    loaded = await load("{hooks: {enabled: true, path: '/'}}")
    assert {problem.path for problem in loaded.problems if problem.is_error} == {"hooks.token", "hooks.path"}
    loaded = await load("{hooks: {enabled: true, token: 'a-long-hook-token-123', path: 'in/', mappings: [{id: 'x'}]}}")
    assert loaded.settings is not None and loaded.settings.hooks.path == "/in" and not loaded.problems
    loaded = await load(
        "{hooks: {enabled: true, token: 'a-long-hook-token-123', allowedSessionKeyPrefixes: ['mail:']}}"
    )
    assert [problem.path for problem in loaded.problems] == ["hooks.allowedSessionKeyPrefixes"]


@pytest.mark.parametrize(
    ("gateway", "bind"),
    [
        ("bind: 'lan'", "lan"),
        ("bind: 'custom', customBindHost: '10.0.0.1'", "10.0.0.1"),
        ("bind: 'tailnet'", "loopback"),
        ("bind: 'auto'", "loopback"),
    ],
)
async def test_the_words_of_bind(gateway: str, bind: str) -> None:
    assert (await settings_of(f"{{gateway: {{{gateway}}}}}")).gateway.bind == bind


async def test_a_custom_bind_needs_its_address() -> None:
    loaded = await load("{gateway: {bind: 'custom'}}")
    assert [p.message.key for p in loaded.problems] == ["configuration.bind.custom"]


@pytest.mark.parametrize(
    ("level", "ours"),
    [
        ("silent", "error"),
        ("fatal", "error"),
        ("error", "error"),
        ("warn", "warning"),
        ("INFO", "info"),
        ("trace", "debug"),
    ],
)
async def test_the_log_levels(level: str, ours: str) -> None:
    assert (await settings_of(f"{{logging: {{level: '{level}'}}}}")).logging.level == ours


async def test_a_model_of_an_api_we_lack_is_left_out_alone() -> None:
    text = "{models: {providers: {x: {baseUrl: 'http://x', models: ['a', {id: 'b', api: 'openai-codex-responses'}, {id: 'c'}]}}}}"
    assert [m.id for m in (await settings_of(text)).models.providers["x"].models] == ["a", "c"]
