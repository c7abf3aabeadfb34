"""Words about traces."""

MESSAGES: dict[str, tuple[str, str]] = {
    "telemetry.not_installed": (
        "Traces need the extra 'telemetry': pip install 'crawdad[telemetry]'. Going on without them.",
        "链路追踪需要可选组件 “telemetry”：pip install 'crawdad[telemetry]'。将在没有追踪的情况下继续运行。",
    ),
}
