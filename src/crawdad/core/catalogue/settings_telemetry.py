"""Words of the settings of traces, and of the environment of services."""

MESSAGES: dict[str, tuple[str, str]] = {
    "settings.telemetry": ("Traces for an OpenTelemetry collector.", "发送给 OpenTelemetry 收集器的链路追踪。"),
    "settings.telemetry.enabled": (
        "Whether spans are sent. Unset: where `telemetry.endpoint` or OTEL_EXPORTER_OTLP_ENDPOINT is set. Takes effect at the "
        "next start, like all of `telemetry`.",
        "是否发送追踪。未设置时，在设置了 `telemetry.endpoint` 或 OTEL_EXPORTER_OTLP_ENDPOINT 时发送。"
        "与 `telemetry` 的其他设置一样在下次启动时生效。",
    ),
    "settings.telemetry.endpoint": (
        "Where they go, the whole URL (OTLP over HTTP with protobuf), such as `http://127.0.0.1:4318/v1/traces`. Unset: what "
        "OTEL_* variables say.",
        "接收地址的完整 URL（OTLP/HTTP，protobuf），例如 `http://127.0.0.1:4318/v1/traces`。未设置时使用 OTEL_* 变量。",
    ),
    "settings.telemetry.headers": ("Headers for the collector, such as its token.", "发送给收集器的请求头，例如令牌。"),
    "settings.telemetry.serviceName": ("What this gateway is called there.", "本网关在追踪中的服务名。"),
    "settings.telemetry.sampleRatio": (
        "Which part of the traces that begin here is sent. Of others the caller decides (`traceparent`).",
        "在此处开始的追踪中发送的比例。其他追踪由调用方决定（`traceparent`）。",
    ),
    "settings.telemetry.propagate": (
        "Whether providers are sent `traceparent`, so that a gateway behind this one goes on with the trace.",
        "是否向服务商发送 `traceparent`，使其后的网关能够延续同一追踪。",
    ),
    "environment.OTEL_EXPORTER_OTLP_ENDPOINT": (
        "Where traces go, where `telemetry.endpoint` is not set; turns them on (the extra `telemetry`). Other OTEL_* variables "
        "mean what they mean to OpenTelemetry's SDK.",
        "未设置 `telemetry.endpoint` 时追踪的接收地址；设置后即启用追踪（需要可选组件 `telemetry`）。"
        "其他 OTEL_* 变量的含义与 OpenTelemetry SDK 相同。",
    ),
    "environment.NOTIFY_SOCKET": (
        "Set by systemd: where the supervisor tells that it serves and lives (not to be set by hand).",
        "由 systemd 设置：守护进程在此报告已开始服务及仍然存活（请勿手动设置）。",
    ),
}
