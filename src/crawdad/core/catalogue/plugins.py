"""Words about plugins."""

MESSAGES: dict[str, tuple[str, str]] = {
    "plugins.bad_manifest": (
        "{file} cannot be used: {path}: {problem} (and {more} more)",
        "{file} 无法使用：{path}：{problem}（另有 {more} 处）",
    ),
    "plugins.manifest.none": (
        "there is no manifest (crawdad.plugin.json or crawdad.plugin.toml)",
        "缺少清单（crawdad.plugin.json 或 crawdad.plugin.toml）",
    ),
    "plugins.manifest.foreign": (
        "this is a plugin for OpenClaw, in JavaScript; it cannot run here",
        "这是 OpenClaw 的 JavaScript 插件，无法在此运行",
    ),
    "plugins.manifest.too_large": ("it is larger than {bytes} bytes", "大于 {bytes} 字节"),
    "plugins.manifest.unreadable": ("it cannot be read: {reason}", "无法读取：{reason}"),
    "plugins.manifest.type": ("must be of type {wanted}", "类型应为 {wanted}"),
    "plugins.manifest.unknown": ("nobody knows this key; known are {known}", "未知的键；可用的键：{known}"),
    "plugins.manifest.missing": ("is missing", "缺失"),
    "plugins.manifest.text": (
        "must be a text of at most {most} printable characters",
        "应为不超过 {most} 个可打印字符的文本",
    ),
    "plugins.manifest.id": (
        "must be small letters, digits and -, at most 64, beginning and ending with a letter or digit",
        "只能使用小写字母、数字和 -，最多 64 个字符，首尾须为字母或数字",
    ),
    "plugins.manifest.version": ("must be a version such as 1.2.3", "应为 1.2.3 形式的版本号"),
    "plugins.manifest.entry": ("must be module:function", "应为 module:function 形式"),
    "plugins.manifest.range": ("must be a range of versions such as >=1,<2", "应为 >=1,<2 形式的版本范围"),
    "plugins.manifest.other_api": (
        "the plugin needs version {wanted} of the plugin interface; this gateway has {here}",
        "插件需要插件接口 {wanted}，本网关为 {here}",
    ),
    "plugins.manifest.words": (
        'must be a text, or {{"en": …, "zh": …}}',
        '应为文本，或 {{"en": …, "zh": …}}',
    ),
    "plugins.manifest.name": ("'{name}' is no name that may stand here", "“{name}”不是此处可用的名称"),
    "plugins.manifest.twice": ("'{name}' stands here twice", "“{name}”重复出现"),
    "plugins.manifest.hook": ("there is no hook '{name}'; there are {known}", "没有钩子“{name}”；现有：{known}"),
    "plugins.manifest.outside": ("'{path}' leads out of the plugin", "“{path}”指向插件之外"),
    "plugins.manifest.schema": ("must be a JSON Schema of type object", "应为 object 类型的 JSON Schema"),
    "plugins.plain": ("{text}", "{text}"),
    "plugins.unreadable": ("'{path}' cannot be read: {reason}", "无法读取“{path}”：{reason}"),
    "plugins.unknown": ("There is no plugin '{id}'.", "没有插件“{id}”。"),
    "plugins.reserved": ("'{id}' is the id of a plugin that comes with Crawdad.", "“{id}”是 Crawdad 内置插件的 id。"),
    "plugins.twice": ("'{id}' is used from {place} already.", "“{id}”已从 {place} 加载。"),
    "plugins.off": ("plugins are switched off (plugins.enabled)", "插件功能已关闭（plugins.enabled）"),
    "plugins.denied": ("it is on the list plugins.deny", "在 plugins.deny 列表中"),
    "plugins.not_allowed": ("it is not on the list plugins.allow", "不在 plugins.allow 列表中"),
    "plugins.disabled": ("it is switched off", "已停用"),
    "plugins.not_enabled": (
        "it lies in the Python environment and is not switched on (plugins.entries.{id}.enabled)",
        "位于 Python 环境中且未启用（plugins.entries.{id}.enabled）",
    ),
    "plugins.other_slot": (
        "the slot {slot} is filled by '{plugin}' (plugins.slots.{slot})",
        "插槽 {slot} 由“{plugin}”占用（plugins.slots.{slot}）",
    ),
    "plugins.tampered": (
        "its files are not those that were installed; install it again",
        "其文件与安装时不一致，请重新安装",
    ),
    "plugins.down": (
        "it failed too often and was set down; the last time: {reason}",
        "因多次失败已被停用；最近一次：{reason}",
    ),
    "plugins.bad_config": (
        "plugins.entries.{id}.config does not fit: {reason}",
        "plugins.entries.{id}.config 不符合要求：{reason}",
    ),
    "plugins.failed": ("The plugin '{plugin}' failed ({what}): {reason}", "插件“{plugin}”失败（{what}）：{reason}"),
    "plugins.has_failed": (
        "it has failed {failures} times; the last time: {last}",
        "已失败 {failures} 次；最近一次：{last}",
    ),
    "plugins.changed_since": (
        "The plugin '{id}' is not as it was when it was looked at; inspect it again.",
        "插件“{id}”在审阅后已变更，请重新查看。",
    ),
    "plugins.removed_at_once": (
        "'{id}' is gone already, without a restart; its data and its settings stay.",
        "“{id}”已移除，无需重启；其数据和设置予以保留。",
    ),
    "plugins.is_down": ("The plugin '{plugin}' is not in use.", "插件“{plugin}”未在使用。"),
    "plugins.not_begun": ("The plugin '{plugin}' cannot begin: {reason}", "插件“{plugin}”无法启动：{reason}"),
    "plugins.process": ("The process of the plugin '{plugin}' {reason}.", "插件“{plugin}”的进程出错：{reason}。"),
    "plugins.not_isolated": (
        "The plugin '{plugin}' cannot run in a process apart: it offers {kinds}.",
        "插件“{plugin}”提供 {kinds}，无法在独立进程中运行。",
    ),
    "plugins.no_entry": ("The module {module} has no function {function}.", "模块 {module} 没有函数 {function}。"),
    "plugins.module_taken": (
        "The plugin '{plugin}' has a module '{module}', but there is one of that name already.",
        "插件“{plugin}”含有模块“{module}”，但已有同名模块。",
    ),
    "plugins.undeclared": (
        "The plugin '{plugin}' registers '{name}', which its manifest does not declare (offers.{kind}).",
        "插件“{plugin}”注册了清单中未声明的“{name}”（offers.{kind}）。",
    ),
    "plugins.registered_twice": (
        "The plugin '{plugin}' registers '{name}' twice ({kind}).",
        "插件“{plugin}”重复注册“{name}”（{kind}）。",
    ),
    "plugins.bad_tool_name": (
        "The plugin '{plugin}' calls a tool '{name}'; a name has letters, digits, _ and -, at most 64.",
        "插件“{plugin}”的工具名“{name}”无效：只能使用字母、数字、_ 和 -，最多 64 个字符。",
    ),
    "plugins.bad_description": (
        "The description of '{name}' in the plugin '{plugin}' must be a text of at most {most} characters.",
        "插件“{plugin}”中“{name}”的描述应为不超过 {most} 个字符的文本。",
    ),
    "plugins.bad_schema": (
        "The schema of '{name}' in the plugin '{plugin}' cannot be used: {problem}.",
        "插件“{plugin}”中“{name}”的模式无法使用：{problem}。",
    ),
    "plugins.no_function": (
        "What the plugin '{plugin}' registers as '{name}' cannot be called.",
        "插件“{plugin}”注册的“{name}”不可调用。",
    ),
    "plugins.too_late": (
        "The plugin '{plugin}' registers '{name}' after its beginning.",
        "插件“{plugin}”在启动之后才注册“{name}”。",
    ),
    "plugins.own_path": (
        "The path {path} belongs to the gateway; the plugin '{plugin}' cannot have it.",
        "路径 {path} 属于网关，插件“{plugin}”不能占用。",
    ),
    "plugins.no_scope": (
        "The plugin '{plugin}' names the scope '{scope}'; there are {known}.",
        "插件“{plugin}”使用了权限范围“{scope}”；可用：{known}。",
    ),
    "plugins.name_taken": (
        "The plugin '{plugin}' offers the {kind} '{name}', but there is one of that name already.",
        "插件“{plugin}”提供的 {kind}“{name}”已存在同名项。",
    ),
    "plugins.no_sandbox": (
        "The plugin '{plugin}' is to run in a sandbox (plugins.limits.sandbox), but bubblewrap is not here or does not work.",
        "插件“{plugin}”须在沙箱中运行（plugins.limits.sandbox），但 bubblewrap 未安装或无法使用。",
    ),
    "plugins.unconfined": (
        "It runs in a process apart, without a sandbox: it can reach the network and the files of the gateway's user.",
        "在独立进程中运行，但没有沙箱：它可以访问网络以及网关用户的文件。",
    ),
    "plugins.bad_vendor": (
        "The vendor '{name}' of the plugin '{plugin}' needs a plain http(s) address and one of the protocols: {known}.",
        "插件“{plugin}”注册的服务商“{name}”缺少有效的 http(s) 地址或协议，可用协议：{known}。",
    ),
    "plugins.provider_taken": ("There is a provider '{name}' already.", "已有名为“{name}”的服务商。"),
    "plugins.no_gateway": ("This can be done in a running gateway only.", "仅能在运行中的网关内执行。"),
    "plugins.refused": ("Refused by the plugin '{plugin}': {reason}", "被插件“{plugin}”拒绝：{reason}"),
    "plugins.not_permitted": (
        "The manifest of the plugin '{plugin}' does not ask for this (permissions.{kind}): {what}",
        "插件“{plugin}”的清单未申请此权限（permissions.{kind}）：{what}",
    ),
    "plugins.no_head": (
        "There is no crawdad.plugin.json or crawdad.plugin.toml in it, or more than one.",
        "其中没有 crawdad.plugin.json 或 crawdad.plugin.toml，或不止一个。",
    ),
    "plugins.exists": (
        "A plugin '{name}' is installed already; replace it with --force, or use update.",
        "插件“{name}”已安装；请使用 --force 替换或使用 update。",
    ),
    "plugins.older": (
        "Version {version} of '{id}' is older than the installed {before}; with --downgrade it is installed all the same.",
        "“{id}”的版本 {version} 低于已安装的 {before}；使用 --downgrade 可强制安装。",
    ),
    "plugins.other_plugin": (
        "This is the plugin '{found}', not '{id}'.",
        "这是插件“{found}”，而不是“{id}”。",
    ),
    "plugins.looks_like": (
        "The id '{id}' looks like '{other}', which is there already.",
        "id“{id}”与已有的“{other}”相似。",
    ),
    "plugins.no_record": (
        "Nobody noted where '{id}' came from; install it again.",
        "没有“{id}”的来源记录，请重新安装。",
    ),
    "plugins.unpinned": (
        "What comes over the network needs a SHA-256 that you know, or a signature of a key in plugins.install.trustedKeys.",
        "从网络获取的插件需要您已知的 SHA-256，或由 plugins.install.trustedKeys 中的密钥签名。",
    ),
    "plugins.bad_signature": (
        "No key in plugins.install.trustedKeys has signed this.",
        "该内容未经 plugins.install.trustedKeys 中任何密钥签名。",
    ),
    "plugins.unpinned_package": (
        "A package needs one exact version: pypi:name==1.2.3, not '{spec}'.",
        "软件包须指定确切版本：pypi:name==1.2.3，而不是“{spec}”。",
    ),
    "plugins.unpinned_commit": (
        "A repository needs a whole commit: git+https://host/path@<40 digits>, not '{spec}'.",
        "仓库须指定完整的提交：git+https://主机/路径@<40 位>，而不是“{spec}”。",
    ),
    "plugins.git_address": (
        "A repository is fetched by https or from a path of this machine, not from '{spec}'.",
        "仓库只能通过 https 或本机路径获取，不能是“{spec}”。",
    ),
    "plugins.unlocked": (
        "requirements.lock must pin every line by version and --hash=sha256:…; this one is not: {line}",
        "requirements.lock 的每一行都须固定版本并带 --hash=sha256:…；此行不符合：{line}",
    ),
    "plugins.own_libraries": (
        "A plugin brings no .lib of its own: name what it needs in {lock}.",
        "插件不能自带 .lib：请在 {lock} 中列出依赖。",
    ),
    "plugins.library_hash": (
        "{name} is not what requirements.lock says.",
        "{name} 与 requirements.lock 不符。",
    ),
    "plugins.no_wheel": ("There is no wheel of {spec}.", "没有 {spec} 的 wheel 文件。"),
    "plugins.no_wheels": ("The wheels cannot be had: {reason}", "无法获取 wheel 文件：{reason}"),
    "plugins.no_git": ("The repository cannot be had: {reason}", "无法获取仓库：{reason}"),
    "plugins.wheel_data": (
        "'{path}' would be spread over the system; a plugin stays in its directory.",
        "“{path}”会写入系统其他位置；插件只能留在自己的目录中。",
    ),
    "plugins.forbidden_file": (
        "'{path}' may not be in a plugin: it runs where nobody sees it.",
        "插件中不得包含“{path}”：它会在无人察觉时运行。",
    ),
    "plugins.progress.reading": ("Reading {source} …", "正在读取 {source} …"),
    "plugins.progress.libraries": ("Getting {count} libraries …", "正在获取 {count} 个依赖库 …"),
    "plugins.progress.writing": ("Installing {id} …", "正在安装 {id} …"),
    "plugins.update.updated": ("'{id}' is updated.", "“{id}”已更新。"),
    "plugins.update.unchanged": ("'{id}' is as its source has it.", "“{id}”已与来源一致。"),
    "plugins.update.needReview": (
        "'{id}' asks for more than before: look at it and update it with `crawdad plugins update {id}`.",
        "“{id}”的新版本要求更多权限：请用 crawdad plugins update {id} 查看并更新。",
    ),
    "plugins.update.failed": ("'{id}': {message}", "“{id}”：{message}"),
    "plugins.update.some_failed": ("These plugins could not be updated: {ids}", "以下插件未能更新：{ids}"),
}
