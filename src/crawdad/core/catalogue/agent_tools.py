"""Words about the tools of agents: files, programs, approvals. Models read the English ones."""

MESSAGES: dict[str, tuple[str, str]] = {
    "tools.not_of_type": ("'{param}' must be of type {wanted}.", "“{param}”的类型必须是 {wanted}。"),
    "tools.not_one_of": ("'{param}' must be one of: {choices}.", "“{param}”只能取：{choices}。"),
    "tools.argument_missing": ("'{param}' is missing.", "缺少“{param}”。"),
    "tools.argument_unknown": (
        "There is no argument '{param}'. There are: {known}.",
        "没有参数“{param}”。可用参数：{known}。",
    ),
    "tools.out_of_range": (
        "'{param}' is out of range (at least {least}, at most {most}).",
        "“{param}”超出范围（最小 {least}，最大 {most}）。",
    ),
    "tools.bad_length": (
        "'{param}' has {length} characters or items (at least {least}, at most {most}).",
        "“{param}”的长度为 {length}（最小 {least}，最大 {most}）。",
    ),
    "tools.untrusted_turn": (
        "This turn carries content from outside, so '{tool}' needs the operator's approval, and there was none.",
        "本轮含有外部内容，使用“{tool}”须经管理员批准，但未获批准。",
    ),
    "tools.no_sandbox": (
        "Programs are to run in a sandbox, but neither bubblewrap nor Docker or Podman is there. Nothing was run.",
        "配置要求在沙箱中运行程序，但未找到 bubblewrap、Docker 或 Podman。未运行任何程序。",
    ),
    "approvals.pending": ("approval id already pending", "该审批标识已在等待中"),
    "approvals.too_many": ("Too many approvals are waiting in this session.", "该会话中等待批准的请求过多。"),
    "approvals.denied": ("The operator said no.", "管理员已拒绝。"),
    "approvals.unanswered": ("It needs an approval, and nobody answered in time.", "需要批准，但无人及时答复。"),
    "approvals.changed": (
        "What was approved is not what would happen now (a file, argument or directory is another), or it was used already.",
        "当前操作与已批准的内容不符（文件、参数或目录有变化），或该批准已被使用。",
    ),
    "approvals.not_for_good": ("This can be allowed once only.", "此项只能单次允许。"),
    "approvals.over": ("It is answered already, or its time is over.", "该请求已有答复，或已过期。"),
    "approvals.not_found": ("There is no approval '{id}'.", "没有编号为“{id}”的批准请求。"),
    "exec.bad_command": ("There is no command to run.", "没有可运行的命令。"),
    "exec.unclosed": ("A quote {quote} is not closed in the command.", "命令中的引号 {quote} 未闭合。"),
    "exec.needs_shell": (
        "'{what}' would need a shell, and programs run without one. Run one program with its arguments (`argv` needs no "
        "quoting); put input into `input`, variables into `env`, a directory into `workdir`; make several calls for several "
        "programs.",
        "“{what}”需要 shell，而程序不经过 shell 运行。请只运行一个程序及其参数（用 `argv` 无须加引号）；输入放在 `input`，"
        "环境变量放在 `env`，目录放在 `workdir`；多个程序请分多次调用。",
    ),
    "exec.too_many_variables": ("There are more than {most} variables.", "环境变量超过 {most} 个。"),
    "exec.bad_variable": ("'{name}' cannot be an environment variable.", "“{name}”不能作为环境变量。"),
    "exec.variable_refused": (
        "The variable {name} may not be set: it changes what runs.",
        "不允许设置变量 {name}：它会改变实际运行的程序。",
    ),
    "exec.not_elevated": (
        "Nobody here may run programs outside the sandbox (tools.elevated.allowFrom).",
        "无权在沙箱外运行程序（tools.elevated.allowFrom）。",
    ),
    "exec.no_nodes": ("There are no nodes to run programs on.", "没有可供运行程序的节点。"),
    "exec.not_found": ("There is no program '{program}'.", "没有程序“{program}”。"),
    "exec.too_many": ("{most} programs of this agent run already.", "该智能体已有 {most} 个程序在运行。"),
    "exec.refused": ("{program} may not run: {reason}", "不允许运行 {program}：{reason}"),
    "exec.because.denied": (
        "programs are switched off (tools.exec.security).",
        "已禁止运行程序（tools.exec.security）。",
    ),
    "exec.because.shell": ("policy allows no shell.", "策略不允许使用 shell。"),
    "exec.because.untrusted": (
        "this turn carries content from outside (tools.exec.untrusted).",
        "本轮含有外部内容（tools.exec.untrusted）。",
    ),
    "exec.because.exposed": (
        "content from outside of an earlier turn is in view (tools.exec.untrusted).",
        "本会话先前轮次的外部内容仍在上下文中（tools.exec.untrusted）。",
    ),
    "exec.because.outside_code": (
        "it, or a file given to it, was made from content from outside (tools.exec.untrusted).",
        "该程序或交给它的文件源自外部内容（tools.exec.untrusted）。",
    ),
    "exec.because.unlisted": (
        "it is not on the allowlist (tools.exec.allowlist), and nobody is asked.",
        "不在允许列表中（tools.exec.allowlist），且未启用询问。",
    ),
    "exec.changed": (
        "A file changed after it was looked at, so it was not run.",
        "文件在检查后发生变化，因此未运行。",
    ),
    "exec.not_started": ("The program could not be started: {reason}", "无法启动程序：{reason}"),
    "exec.takes_no_input": (
        "The program takes no more input; start it with keepInput (or in the background, or with pty) to feed it later.",
        "程序不再接受输入；如需稍后输入，请以 keepInput（或后台、pty）方式启动。",
    ),
    "exec.has_ended": ("The program of session {id} has ended.", "会话 {id} 的程序已结束。"),
    "exec.no_session": ("There is no program session '{id}'.", "没有程序会话“{id}”。"),
    "exec.none_running": ("No programs.", "没有程序。"),
    "exec.still_running": (
        "Still running (session {id}, pid {pid}). Use process to look after it.",
        "仍在运行（会话 {id}，pid {pid}）。可用 process 查看。",
    ),
    "exec.no_output": ("(no output)", "（无输出）"),
    "exec.exited": ("Exit code {code}.", "退出码 {code}。"),
    "exec.timed_out": ("Ended: it took too long (exit code {code}).", "运行超时，已结束（退出码 {code}）。"),
    "exec.killed": ("Ended on demand (exit code {code}).", "已按要求结束（退出码 {code}）。"),
    "exec.did.write": ("{bytes} bytes went to session {id}.", "已向会话 {id} 写入 {bytes} 字节。"),
    "exec.did.clear": ("The output of session {id} is forgotten.", "已清除会话 {id} 的输出。"),
    "exec.did.kill": ("The program of session {id} is ended.", "会话 {id} 的程序已结束。"),
    "exec.did.remove": ("Session {id} is removed.", "会话 {id} 已移除。"),
    "exec.unknown_key": ("There is no key '{key}'.", "没有按键“{key}”。"),
    "exec.bad_hex": ("Bytes are two hexadecimal digits each.", "每个字节须为两位十六进制数字。"),
    "exec.sandbox_refused": (
        "The sandbox refuses {option} '{value}'.",
        "沙箱不接受 {option}“{value}”。",
    ),
    "exec.event": ("Program '{label}' ended ({status}). {tail}", "程序“{label}”已结束（{status}）。{tail}"),
    "workspace.outside": (
        "'{path}' is outside the workspace (tools.fs.workspaceOnly).",
        "“{path}”在工作区之外（tools.fs.workspaceOnly）。",
    ),
    "workspace.bad_path": ("'{path}' is no usable path.", "“{path}”不是可用的路径。"),
    "workspace.no_file": ("There is no file '{path}'.", "没有文件“{path}”。"),
    "workspace.no_folder": ("There is no folder '{path}'.", "没有文件夹“{path}”。"),
    "workspace.is_folder": ("'{path}' is a folder.", "“{path}”是文件夹。"),
    "workspace.special": (
        "'{path}' is no ordinary file of the workspace (a device, a pipe, or a second name of another file).",
        "“{path}”不是工作区的普通文件（设备、管道，或其他文件的硬链接）。",
    ),
    "workspace.kept": ("'{path}' is not for agents to see.", "不允许智能体访问“{path}”。"),
    "workspace.too_many_links": ("'{path}' goes through too many links.", "“{path}”经过的链接过多。"),
    "workspace.larger": (
        "'{path}' has more than {limit} bytes. Read it in pieces with a program.",
        "“{path}”超过 {limit} 字节。请用程序分段读取。",
    ),
    "workspace.binary": ("'{path}' is no text ({size} bytes).", "“{path}”不是文本文件（{size} 字节）。"),
    "workspace.past_end": ("'{path}' has only {lines} lines.", "“{path}”只有 {lines} 行。"),
    "workspace.more": (
        "[{left} more lines. Go on with offset={next}.]",
        "[还有 {left} 行，请用 offset={next} 继续。]",
    ),
    "workspace.cut_line": (
        "[Line {line} is longer than {limit} bytes and was cut.]",
        "[第 {line} 行超过 {limit} 字节，已截断。]",
    ),
    "workspace.picture": ("[{path}: {type}, {size} bytes]", "[{path}：{type}，{size} 字节]"),
    "workspace.written": ("{path}: {bytes} bytes written.", "{path}：已写入 {bytes} 字节。"),
    "workspace.edited": ("{path} is changed.\n{diff}", "{path} 已修改。\n{diff}"),
    "workspace.not_there": (
        "The text to replace is not in '{path}'. Read the file again and give it exactly, with its blanks.",
        "“{path}”中没有要替换的文本。请重新读取文件，并完整给出原文（含空白）。",
    ),
    "workspace.several": (
        "The text to replace stands {count} times in '{path}'. Give more of what is around it, or set replaceAll.",
        "要替换的文本在“{path}”中出现了 {count} 次。请给出更多上下文，或设置 replaceAll。",
    ),
    "workspace.same": ("The new text is the old one.", "新旧文本相同。"),
    "workspace.no_change": ("Nothing found.", "未找到任何内容。"),
    "workspace.stopped": ("[There is more; this is where the search stopped.]", "[还有更多结果，搜索到此为止。]"),
    "workspace.bad_pattern": ("'{pattern}' is no pattern: {reason}", "“{pattern}”不是有效的模式：{reason}"),
    "workspace.pattern_slow": (
        "The search took too long. Use a simpler pattern.",
        "搜索时间过长，请使用更简单的模式。",
    ),
    "workspace.guarded": (
        "'{path}' shapes what agents do later. This turn carries content from outside, so changing it needs the operator's "
        "approval, and there was none.",
        "“{path}”会影响智能体今后的行为。本轮含有外部内容，修改它须经管理员批准，但未获批准。",
    ),
    "workspace.disk_full": ("There is not enough room on the disk.", "磁盘空间不足。"),
    "workspace.system_failed": ("'{path}': {reason}", "“{path}”：{reason}"),
    "patch.bad": ("The patch cannot be read (line {line}): {reason}", "补丁无法解析（第 {line} 行）：{reason}"),
    "patch.reason.begin": ("it must begin with '*** Begin Patch'.", "必须以“*** Begin Patch”开头。"),
    "patch.reason.end": ("it must end with '*** End Patch'.", "必须以“*** End Patch”结尾。"),
    "patch.reason.header": (
        "'*** Add File: ', '*** Update File: ' or '*** Delete File: ' belongs there.",
        "此处应为“*** Add File: ”“*** Update File: ”或“*** Delete File: ”。",
    ),
    "patch.reason.line": (
        "lines of a patch begin with a blank, '+' or '-'.",
        "补丁的行必须以空格、“+”或“-”开头。",
    ),
    "patch.reason.empty": ("nothing is changed there.", "此处没有任何修改。"),
    "patch.no_place": (
        "These lines are not in '{path}', so nothing was changed:\n{lines}",
        "“{path}”中没有以下内容，未作任何修改：\n{lines}",
    ),
    "patch.exists": ("'{path}' is there already.", "“{path}”已存在。"),
    "patch.done": ("Done:\n{changes}", "已完成：\n{changes}"),
}
