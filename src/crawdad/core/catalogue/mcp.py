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
    "mcp.sign_in": ("The server wants to be signed in to.", "服务器要求登录。"),
    "mcp.sign_in_first": (
        "The server '{server}' wants to be signed in to: crawdad mcp login {server}",
        "服务器“{server}”要求登录：crawdad mcp login {server}",
    ),
    "mcp.no_sign_in": (
        "One can sign in to servers with an https address (or one of this machine) alone; '{server}' has none.",
        "只有使用 https 地址（或本机地址）的服务器才能登录；“{server}”没有这样的地址。",
    ),
    "mcp.no_client": (
        "Who grants access to '{server}' takes no clients that it does not know: register one there and set "
        "mcp.servers.{server}.oauth.clientId.",
        "“{server}”的授权方不接受未知客户端：请在其处注册客户端，并设置 mcp.servers.{server}.oauth.clientId。",
    ),
    "mcp.no_way_in": (
        "What the server says about signing in cannot be used ({what}).",
        "服务器提供的登录信息无法使用（{what}）。",
    ),
    "mcp.other_sign_in": (
        "What came back belongs to another sign-in; begin anew.",
        "返回的结果属于另一次登录，请重新开始。",
    ),
    "mcp.not_consented": ("Access was not granted: {reason}", "未获授权：{reason}"),
    "mcp.no_server": ("There is no server '{server}' (mcp.servers).", "没有名为“{server}”的服务器（mcp.servers）。"),
    "mcp.no_login": (
        "No sign-in to '{server}' waits. Begin one first.",
        "没有正在等待的“{server}”登录。请先开始登录。",
    ),
    "mcp.unknown_server": (
        "There is no server '{server}' with anything of the kind. There are: {known}.",
        "没有提供此类内容的服务器“{server}”。可用的有：{known}。",
    ),
    "mcp.nothing_there": ("(There is nothing.)", "（没有内容。）"),
    "mcp.no_tool": ("There is no tool '{tool}' of a server '{server}'.", "服务器“{server}”没有工具“{tool}”。"),
}
