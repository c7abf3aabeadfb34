"""Words about servers of the Model Context Protocol."""

MESSAGES: dict[str, tuple[str, str]] = {
    "mcp.refused": ("The server refused: {reason}", "服务器拒绝了请求：{reason}"),
    "mcp.other_version": (
        "The server speaks version '{version}' of the protocol, which is not known here.",
        "服务器使用的协议版本“{version}”不受支持。",
    ),
    "mcp.ended": ("The server has ended. {reason}", "服务器已退出。{reason}"),
    "mcp.timeout": ("The server did not answer within {seconds} s.", "服务器未在 {seconds} 秒内响应。"),
    "mcp.not_started": ("The server's program could not be started: {reason}", "无法启动服务器程序：{reason}"),
    "mcp.status": ("The server answered with status {status}: {reason}", "服务器返回状态码 {status}：{reason}"),
    "mcp.resting": (
        "The server '{server}' failed too often; it is tried again in {minutes} min.",
        "服务器“{server}”多次失败，{minutes} 分钟后重试。",
    ),
    "mcp.command_or_url": (
        "mcp.servers.{server} needs either a command or a url.",
        "mcp.servers.{server} 需要设置 command 或 url 二者之一。",
    ),
    "mcp.changed": (
        "The tool '{tool}' of the server '{server}' is not what it was when you were told of it. Do not use it any more in "
        "this turn.",
        "服务器“{server}”的工具“{tool}”已发生变化，本轮请勿再使用。",
    ),
    "mcp.unknown_server": (
        "There is no server '{server}' with anything of the kind. There are: {known}.",
        "没有提供此类内容的服务器“{server}”。可用的有：{known}。",
    ),
    "mcp.nothing_there": ("(There is nothing.)", "（没有内容。）"),
    "mcp.no_tool": ("There is no tool '{tool}' of a server '{server}'.", "服务器“{server}”没有工具“{tool}”。"),
}
