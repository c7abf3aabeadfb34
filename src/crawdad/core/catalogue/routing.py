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
    "routing.no_provider": ("There is no provider '{provider}'.", "没有名为“{provider}”的服务商。"),
    "routing.not_remote": (
        "'{provider}' is part of Crawdad and is reached over no network.",
        "“{provider}”是 Crawdad 的内置部分，不经过网络访问。",
    ),
    "routing.no_answer_within": ("Nothing was heard within {seconds} seconds.", "{seconds} 秒内没有收到应答。"),
    "routing.probe_failed": ("'{provider}' did not answer: {message}", "“{provider}”未能正常应答：{message}"),
}
