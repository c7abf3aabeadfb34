"""What is known about the vendors and servers that speak chat completions, as data.

A `Profile` says what an upstream understands beyond, or short of, OpenAI's own service. Where a vendor's documents are
silent, the profile errs towards leaving a knob out (and noting it) rather than towards a rejected request.
"""

from __future__ import annotations

from dataclasses import replace

from crawdad.wire.profile import Profile

_OPENAI_ONLY = frozenset(
    {
        "audio",
        "metadata",
        "modalities",
        "moderation",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "verbosity",
        "web_search_options",
    }
)

_OPENAI = Profile(name="openai")

_COMPATIBLE = Profile(
    name="compatible",
    max_tokens_field="max_tokens",
    developer_role=False,
    custom_tools=False,
    allowed_tools=False,
    tool_ids="any",
    drop_fields=frozenset({"prompt_cache_key", "store", "verbosity"}),
)
"""An unknown server: what nearly all of them understand."""

_HOSTED = replace(_COMPATIBLE, file_parts=False, audio_parts=False)
_LOCAL = replace(_HOSTED, top_k=True, drop_fields=frozenset())  # servers that ignore what they do not know

_ALL = (
    _OPENAI,
    replace(_OPENAI, name="azure"),
    _COMPATIBLE,
    replace(
        _OPENAI,
        name="openrouter",
        tool_ids="any",
        reasoning_history="reasoning_details",
        thinking_switch="reasoning",
        document_urls="file",
        video_parts=True,
        custom_tools=False,
        allowed_tools=False,
        cache_control=True,
        top_k=True,
        key_path="/key",
        lists_prices=True,
    ),
    replace(
        _HOSTED,
        name="groq",
        max_tokens_field="max_completion_tokens",
        reasoning_efforts=("none", "low", "medium", "high"),
        reasoning_history="reasoning",
        participant_names=False,
        drop_fields=(_OPENAI_ONLY - {"service_tier"}) | {"logit_bias", "logprobs", "top_logprobs"},
    ),
    replace(
        _HOSTED,
        name="mistral",
        stream_usage=False,  # rejected, and usage is always told
        reasoning_efforts=("none", "high"),
        reasoning_history="thinking_parts",
        document_urls="document_url",
        audio_parts=True,
        participant_names=False,
        tool_ids="nine_alphanumeric",
        seed_field="random_seed",
        drop_fields=_OPENAI_ONLY | {"logit_bias", "logprobs", "top_logprobs", "user"},
    ),
    replace(
        _HOSTED,
        name="deepseek",
        reasoning_efforts=("low", "high", "max"),
        reasoning_history="reasoning_content_required",
        thinking_switch="thinking",
        json_schema=False,
        strict_tools=False,
        text_lists=False,
    ),
    replace(
        _HOSTED,
        name="zai",
        reasoning_history="reasoning_content",
        thinking_switch="thinking",
        json_schema=False,
        strict_tools=False,
        video_parts=True,
    ),
    replace(
        _HOSTED,
        name="qwen",
        reasoning_effort=False,
        reasoning_history="reasoning_content",
        thinking_switch="enable_thinking",
        audio_parts=True,
        video_parts=True,
        cache_control=True,
        top_k=True,
    ),
    replace(
        _HOSTED,
        name="moonshot",
        max_tokens_field="max_completion_tokens",
        reasoning_efforts=("low", "high", "max"),
        reasoning_history="reasoning_content_required",
        thinking_switch="thinking",
        strict_tools=False,
        video_parts=True,
    ),
    replace(
        _HOSTED,
        name="volcengine",
        reasoning_efforts=("minimal", "low", "medium", "high"),
        reasoning_history="reasoning_content",
        thinking_switch="thinking",
        video_parts=True,
    ),
    replace(
        _HOSTED,
        name="siliconflow",
        reasoning_effort=False,
        reasoning_history="reasoning_content",
        thinking_switch="enable_thinking",
        video_parts=True,
        top_k=True,
    ),
    replace(
        _HOSTED,
        name="cerebras",
        max_tokens_field="max_completion_tokens",
        reasoning_efforts=("none", "low", "medium", "high"),
        parallel_tool_calls=False,
        drop_fields=_OPENAI_ONLY | {"frequency_penalty", "logit_bias", "presence_penalty"},
    ),
    replace(
        _HOSTED, name="xai", reasoning_efforts=("none", "low", "medium", "high"), drop_fields=frozenset({"verbosity"})
    ),
    replace(_HOSTED, name="together", reasoning_history="reasoning", video_parts=True, top_k=True),
    replace(_HOSTED, name="fireworks", reasoning_history="reasoning_content", top_k=True),
    replace(_HOSTED, name="huggingface"),
    replace(
        _HOSTED,
        name="nvidia",
        thinking_switch="chat_template",
        reasoning_effort=False,
        key_probe="meta/llama-3.1-8b-instruct",
    ),
    replace(
        _HOSTED,
        name="google",
        reasoning_efforts=("none", "minimal", "low", "medium", "high"),
        audio_parts=True,
        drop_fields=_OPENAI_ONLY | {"logit_bias", "user"},
    ),
    replace(
        _HOSTED,
        name="snowflake",
        max_tokens_field="max_completion_tokens",
        reasoning_effort=False,
        reasoning_history="reasoning_details",
        thinking_switch="reasoning",
    ),
    replace(
        _LOCAL, name="ollama", reasoning_efforts=("none", "low", "medium", "high", "max"), reasoning_history="reasoning"
    ),
    replace(
        _LOCAL,
        name="vllm",
        reasoning_history="reasoning",
        thinking_switch="chat_template",
        audio_parts=True,
        video_parts=True,
    ),
    replace(
        _LOCAL, name="sglang", reasoning_history="reasoning_content", thinking_switch="chat_template", video_parts=True
    ),
    replace(
        _LOCAL,
        name="llamacpp",
        reasoning_history="reasoning_content",
        thinking_switch="chat_template",
        audio_parts=True,
    ),
    replace(_LOCAL, name="lmstudio"),
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in _ALL}
"""Name → profile."""

HOSTS: dict[str, str] = {
    "api.openai.com": "openai",
    "openai.azure.com": "azure",
    "cognitiveservices.azure.com": "azure",
    "services.ai.azure.com": "azure",
    "models.github.ai": "openai",
    "openrouter.ai": "openrouter",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "codestral.mistral.ai": "mistral",
    "api.deepseek.com": "deepseek",
    "api.z.ai": "zai",
    "open.bigmodel.cn": "zai",
    "dashscope.aliyuncs.com": "qwen",
    "dashscope-intl.aliyuncs.com": "qwen",
    "dashscope-us.aliyuncs.com": "qwen",
    "api.moonshot.ai": "moonshot",
    "api.moonshot.cn": "moonshot",
    "volces.com": "volcengine",
    "api.siliconflow.cn": "siliconflow",
    "api.siliconflow.com": "siliconflow",
    "api.cerebras.ai": "cerebras",
    "api.x.ai": "xai",
    "api.together.xyz": "together",
    "api.together.ai": "together",
    "api.fireworks.ai": "fireworks",
    "router.huggingface.co": "huggingface",
    "integrate.api.nvidia.com": "nvidia",
    "generativelanguage.googleapis.com": "google",
    "aiplatform.googleapis.com": "google",
    "snowflakecomputing.com": "snowflake",
    "api.inference.crusoecloud.com": "vllm",
    "ollama.com": "ollama",
    "localhost:11434": "ollama",
    "localhost:1234": "lmstudio",
    "localhost:8000": "vllm",
    "localhost:8080": "llamacpp",
    "localhost:30000": "sglang",
}
"""API host → name of its profile. A host also stands for its subdomains; local servers are known by their usual ports."""

_LOOPBACK = ("127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal")


def profile_for(host: str) -> Profile:
    """The profile for a host name, with its port where the URL has one; `compatible` for unknown hosts."""
    host = host.lower()
    name, colon, port = host.rpartition(":")
    if colon and name in _LOOPBACK:
        host = f"localhost:{port}"
    elif colon and name != "localhost" and port.isdecimal():
        host = name
    while host:
        if host in HOSTS:
            return PROFILES[HOSTS[host]]
        host = host.partition(".")[2]
    return _COMPATIBLE
