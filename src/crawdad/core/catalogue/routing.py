"""Words about finding a model and getting an answer from it."""

MESSAGES: dict[str, tuple[str, str]] = {
    "routing.unknown_model": ("The model '{model}' does not exist.", "模型“{model}”不存在。"),
    "routing.unknown_model_near": (
        "The model '{model}' does not exist. Did you mean: {near}?",
        "模型“{model}”不存在。您是否想要：{near}？",
    ),
    "routing.no_operation": (
        "The model '{model}' cannot do this ({operation}).",
        "模型“{model}”不支持此操作（{operation}）。",
    ),
    "routing.credential_refused": (
        "The provider '{provider}' refused the gateway's credential: {message}",
        "服务商“{provider}”拒绝了网关的凭据：{message}",
    ),
    "routing.nothing_configured": (
        "No provider could take this request.",
        "没有可处理此请求的服务商。",
    ),
}
