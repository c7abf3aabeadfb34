"""Words about HTTP, towards upstreams and from clients."""

MESSAGES: dict[str, tuple[str, str]] = {
    "http.url_refused": (
        "The URL's host '{host}' may not be fetched (only public http and https addresses are).",
        "不允许访问该 URL 的主机“{host}”（仅允许公网 http/https 地址）。",
    ),
    "http.timeout": ("The upstream {host} did not answer in time.", "上游 {host} 未在规定时间内响应。"),
    "http.idle": (
        "The upstream {host} fell silent in the middle of its answer.",
        "上游 {host} 在回答途中长时间无数据。",
    ),
    "http.endless": (
        "The upstream {host} does not come to the end of its answer.",
        "上游 {host} 迟迟未能完成回答。",
    ),
    "http.unreachable": ("The upstream {host} could not be reached: {reason}", "无法连接上游 {host}：{reason}"),
    "http.answer_too_large": ("The upstream's answer is larger than {limit} bytes.", "上游的回答超过 {limit} 字节。"),
    "http.body_too_large": ("The request body is larger than {limit} bytes.", "请求体超过 {limit} 字节。"),
    "http.invalid": ("The request is not of the right form: {faults}", "请求格式不正确：{faults}"),
    "http.not_found": ("No such route: {method} {path}", "没有这个接口：{method} {path}"),
    "http.method": ("Method {method} is not allowed for {path}.", "{path} 不允许使用 {method} 方法。"),
    "http.bad_host": (
        "The Host header '{host}' is not one this gateway answers to. Add it to gateway.allowedHosts.",
        "本网关不接受 Host 头“{host}”。请将其加入 gateway.allowedHosts。",
    ),
    "http.query": ("The query has more than {most} parameters.", "查询参数超过 {most} 个。"),
    "http.foreign_page": (
        "Pages of '{origin}' may not call this gateway: it asks for no key. Add the origin to gateway.allowedOrigins.",
        "本网关未启用身份验证，不接受来自“{origin}”页面的请求。请将该来源加入 gateway.allowedOrigins。",
    ),
    "http.encoding": ("Content-Encoding '{encoding}' is not supported.", "不支持的 Content-Encoding：“{encoding}”。"),
    "http.gateway_stopped": (
        "The gateway is stopped, or about to start again.",
        "网关已停止，或正在重新启动。",
    ),
    "http.stopped": (
        "The model service is switched off. Start it in the panel or with POST /api/proxy/start.",
        "模型服务已停止。请在面板中启动，或调用 POST /api/proxy/start。",
    ),
    "http.draining": ("The gateway is restarting. Try again in a moment.", "网关正在重启，请稍后重试。"),
    "http.internal": (
        "Something went wrong inside the gateway (request {request_id}). The log has the details.",
        "网关内部出错（请求 {request_id}），详情见日志。",
    ),
    "http.locked_out": (
        "Too many failed attempts from this address. Try again in {seconds} s.",
        "来自此地址的失败尝试过多，请在 {seconds} 秒后重试。",
    ),
    "app.bad_configuration": (
        "The configuration cannot be used:\n{problems}",
        "配置无法使用：\n{problems}",
    ),
    "app.no_database_yet": ("SQLite (made at the first start)", "SQLite（首次启动时创建）"),
}
