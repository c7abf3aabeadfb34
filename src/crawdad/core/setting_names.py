"""What settings are called in Chinese, by the last part of their path (or the last two, where one name means several things).
In English the name itself is read out.
"""

from __future__ import annotations

_NAMES = """
gateway=网关 port=端口 bind=监听地址 extraPorts=附加端口 auth=验证 providers.*.auth=验证方式 mode=模式 token=令牌
adminToken=管理令牌 password=密码 trustedProxies=可信代理 allowedHosts=允许的主机名 allowedOrigins=允许的来源
maxBodyBytes=请求体上限（字节） drainSeconds=收尾时间（秒） keepAliveSeconds=保活间隔（秒） privateNetworks=允许内网地址
models=模型 aliases=别名 default=默认 models.default=默认模型 discoverLocal=寻找本机模型服务 localServers=本机服务地址
demo=演示模型 proxy=代理 firstByteTimeoutSeconds=首字节超时（秒） background=后台小任务 enabled=启用 model=模型
maxTokens=回答长度上限 phrases=识别用语 baseUrl=地址 apiKey=API密钥 api=协议 authHeader=使用Authorization头 headers=请求头
profile=配置档 providers.*.profile=特性表 discover=询问模型列表 weight=权重 connectTimeoutSeconds=连接超时（秒）
idleTimeoutSeconds=静默超时（秒） id=标识 name=名称 reasoning=推理模型 input=输入 compat=兼容选项 contextWindow=上下文长度
kind=类型 endpoints=端点 match=匹配条件 fallbacks=备用 protocols=协议 keys=密钥 retry=重试 attempts=次数
budgetSeconds=总时限（秒） baseSeconds=首次等待（秒） maxSeconds=最长等待（秒） accounts=账号 maxWaitSeconds=最长等待（秒）
stickyMinutes=固定账号时长（分钟） stickySessions=固定账号的会话数 quotaProtection=额度保护 thresholdPercentage=阈值（百分比）
monitoredModels=监视的模型 refreshMinutes=刷新间隔（分钟） labelHeader=标签头 logging=日志 level=级别 file=文件 rotation=轮转
megabytes=大小（MB） files=文件 rotation.files=保留文件数 days=天数 compress=压缩 format=格式 retentionDays=保留天数
retentionMegabytes=保留大小（MB） bodies=请求与回答内容 capture=记录范围 maxBytes=上限（字节） statistics=统计 timezone=时区
activity=活动日志 maxEntries=最多条数 pushSecret=推送密钥 database=数据库 url=地址 cluster=集群 prefix=键名前缀 secrets=密钥保护
sealConfiguration=加密配置中的密钥 oauth=OAuth登录 google=Google clientId=客户端ID clientSecret=客户端密钥 project=项目
scopes=授权范围 publicUrl=公开地址 authUrl=授权地址 tokenUrl=令牌地址 deviceUrl=设备码地址 userinfoUrl=用户信息地址
language=语言 cost=价格 prices=价格表 tiers=分段价格 budgets=预算 unpriced=无价格时 assumedOutputTokens=假定输出Token数
output=输出 cacheRead=缓存读取 cacheWrite=缓存写入 cacheWrite1h=缓存写入（1小时） audioInput=音频输入 audioOutput=音频输出
imageInput=图片输入 imageOutput=图片输出 picture=每张图片 minute=每分钟 characters=每百万字符 request=每次请求
webSearch=每次网页搜索 above=超过多少Token agents=智能体 runs=运行记录 keepDays=保留天数 defaults=默认值 list=列表
primary=首选 workspace=工作区 skipBootstrap=不建起始文件 bootstrapMaxChars=单个起始文件字数上限
bootstrapTotalMaxChars=起始文件总字数上限 userTimezone=用户时区 contextTokens=上下文Token数 thinkingDefault=默认思考深度
timeoutSeconds=超时（秒） maxConcurrent=最大并发数 maxSteps=最多步数 maxTurnTokens=单轮Token上限 maxTurnCost=单轮费用上限
alias=别名 params=参数 compaction=压缩 reserveTokens=预留Token数 reserveTokensFloor=预留Token下限
keepRecentTokens=保留最近Token数 maxHistoryShare=历史占比上限 memoryFlush=压缩前写入记忆 softThresholdTokens=提前量（Token）
prompt=提示词 systemPrompt=系统提示词 contextPruning=上下文修剪 ttl=有效期 keepLastAssistants=保留最近回答数
softTrimRatio=开始截短的占比 hardClearRatio=开始清除的占比 minPrunableToolChars=可修剪的最少字数 tools=工具 allow=允许
deny=禁止 softTrim=截短 maxChars=最多字数 headChars=保留开头字数 tailChars=保留结尾字数 hardClear=清除 placeholder=占位文字
subagents=子智能体 maxSpawnDepth=最大层数 maxChildrenPerAgent=每个智能体的子智能体上限 thinking=思考深度
runTimeoutSeconds=运行时限（秒） identity=身份 theme=风格 emoji=表情 avatar=头像 allowAgents=允许的智能体 agentId=智能体
bindings=绑定 comment=备注 channel=渠道 update.channel=更新通道 accountId=账号 peer=对方 guildId=服务器ID teamId=团队ID
roles=角色 messages=消息 quota.messages=消息数 queue=队列 debounceMs=合并等待（毫秒） debounceMsByChannel=各渠道合并等待
cap=容量 drop=满时丢弃 loopDetection=循环检测 historySize=检查的调用数 warningThreshold=警告阈值 criticalThreshold=严重阈值
globalCircuitBreakerThreshold=全局熔断阈值 detectors=检测方式 genericRepeat=重复调用 pingPong=来回往复 http=HTTP接口
chatCompletions=ChatCompletions接口 maxImageParts=图片数上限 maxTotalImageBytes=图片总大小上限（字节） images=图片
allowUrl=允许网址 urlAllowlist=网址白名单 allowedMimes=允许的类型 maxRedirects=最多跳转次数 timeoutMs=超时（毫秒）
responses=Responses接口 toolItems=列出工具调用 resumeSeconds=可续传时间（秒） maxUrlParts=网址数上限 pdf=PDF maxPages=最多页数
maxPixels=最多像素 minTextChars=最少文字数 media=媒体 ttlSeconds=有效期（秒） uploads=上传 maxFiles=最多文件数
maxFileBytes=单个文件上限（字节） allowTailscale=接受Tailscale身份 rateLimit=限速 maxAttempts=最多尝试次数
windowMs=时间窗口（毫秒） lockoutMs=锁定时长（毫秒） exemptLoopback=本机不限 trustedProxy=可信代理 userHeader=用户名头
requiredHeaders=必需的头 allowUsers=允许的用户 tailscale=Tailscale shell=终端 commands=命令 nodes=节点
allowCommands=允许的命令 denyCommands=禁止的命令 hooks=钩子 path=路径 allowQueryToken=允许网址中的令牌
defaultSessionKey=默认会话 allowRequestSessionKey=允许请求指定会话 allowedSessionKeyPrefixes=允许的会话前缀
allowedAgentIds=允许的智能体 presets=预设 mappings=映射 source=来源 action=动作 wakeMode=唤醒方式 sessionKey=会话
messageTemplate=消息模板 textTemplate=文本模板 deliver=发送回答 allowUnsafeExternalContent=信任外部内容 to=发往 transform=转换
module=模块 export=导出函数 transformsDir=转换脚本目录 transformSeconds=转换时限（秒） heartbeat=心跳 every=间隔
activeHours=活跃时段 start=开始 end=结束 target=目标 session=会话 ackMaxChars=应答字数上限 contextMessages=上下文消息数
maxPerHour=每小时上限 cron=定时任务 maxConcurrentRuns=同时运行上限 webhook=Webhook webhookToken=Webhook令牌
sessionRetention=会话保留时间 runLog=运行日志 keepLines=保留行数 limits=限制 jobsPerOwner=每人任务上限
madePerAgent=每个智能体创建上限 madePerHour=每小时创建上限 maxDepth=最大层数 minIntervalSeconds=最短间隔（秒）
runsPerHour=每小时运行上限 backup=备份 schedule=时间 workspaces=工作区 exclude=排除 retention=保留 configurations=配置份数
snapshots=快照份数 update=更新 index=软件源 package=软件包 checkOnStart=启动时检查 keepVersions=保留版本数 healing=自愈
mostPerHour=每小时上限 stableMinutes=稳定时间（分钟） reports=报告 memory=内存 slots.memory=记忆 shedPercent=减载阈值（百分比）
replacePercent=替换阈值（百分比） limitMegabytes=上限（MB） analysis=分析 mostPerDay=每天上限 groupChat=群聊
mentionPatterns=提及方式 historyLimit=历史消息数 responsePrefix=回答前缀 inbound=收到的消息 byChannel=按渠道
ackReaction=收到时的表情 ackReactionScope=何时回应表情 removeAckAfterReply=回答后撤销表情 text=文本命令
ownerAllowFrom=所有者 allowFrom=允许的发送者 accessGroups=访问组 defaultAccount=默认账号 dmPolicy=私聊策略
groupPolicy=群聊策略 groupAllowFrom=群内允许的发送者 groups=群 requireMention=需要提及 skills=技能 implicitMentions=隐含提及
reply=回复 quote=引用 thread=话题 textChunkLimit=单条字数上限 mediaMaxMb=媒体上限（MB） streaming=流式发送
chunkMode=分段方式 block=分块 coalesce=合并 minChars=最少字数 replyToMode=回复方式 typing=显示正在输入 quota=额度
windowSeconds=时间窗口（秒） mostParked=最多排队数 parkedSeconds=排队时限（秒） toolsFrom=可用工具的发送者
wakeProbability=唤醒概率 minIntervalSec=最短间隔（秒） wakeTrigger=唤醒条件 mentionName=提到名字 atBot=被@ keywords=关键词
directMessage=私聊 errorDedup=错误去重 thresholdSec=间隔（秒） requests=好友与入群申请 scope=范围 dmScope=私聊会话范围
identityLinks=身份关联 idleMinutes=空闲时间（分钟） resetTriggers=重置命令 reset=重置 atHour=整点 resetByType=按类型重置
resetByChannel=按渠道重置 direct=私聊 dm=私聊（旧名） group=群聊 sendPolicy=发送策略 rules=规则 chatType=聊天类型
keyPrefix=会话前缀 rawKeyPrefix=原始会话前缀 agentToAgent=智能体之间 maxPingPongTurns=最多往返轮数 maintenance=维护
pruneAfter=清理期限 resetArchiveRetention=旧记录保留时间 sessions=会话 visibility=可见范围 restApi=REST接口
requestsPerMinute=每分钟请求数 tokensPerMinute=每分钟Token数 contextTokensPerMinute=每分钟上下文Token数
allowBundled=允许的内置技能 load=加载 extraDirs=附加目录 maxCandidatesPerRoot=每个目录候选上限
maxSkillsLoadedPerSource=每个来源加载上限 maxSkillsInPrompt=提示词中技能上限 maxSkillsPromptChars=技能提示词字数上限
maxSkillFileBytes=技能文件上限（字节） install=安装 allowUploadedArchives=允许上传安装 trustedKeys=可信公钥 registry=登记处
entries=条目 env=环境变量 config=设置 alsoAllow=另外允许 exec=命令执行 security=安全 ask=询问 askFallback=无人应答时
untrusted=不可信内容之后 pathPrepend=PATH前置目录 safeBins=安全程序 safeBinTrustedDirs=安全程序目录
safeBinProfiles=安全程序规则 backgroundMs=转入后台时间（毫秒） timeoutSec=超时（秒） cleanupMs=清理时间（毫秒）
mostRunning=同时运行上限 notifyOnExit=结束时通知 notifyOnExitEmptySuccess=无输出也通知 applyPatch=应用补丁
allowModels=允许的模型 allowlist=白名单 program=程序 arguments=参数 sha256=SHA-256 minPositional=最少参数数
maxPositional=最多参数数 allowedValueFlags=允许的带值选项 allowedFlags=允许的选项 deniedFlags=禁止的选项 fs=文件
workspaceOnly=仅限工作区 elevated=提权执行 byProvider=按服务商 bySender=按发送者 toolsBySender=按发送者的工具 byGroup=按群
audio=音频 type=类型 provider=服务商 providers=服务商 sandbox=沙箱 approvals=审批 mostPending=待审批上限 backend=后端
workspaceAccess=工作区访问 network=网络 prune=清理 idleHours=空闲时间（小时） maxAgeDays=最长天数 docker=Docker image=镜像
user=用户 cpus=CPU数 pidsLimit=进程数上限 web=网页 fetch=抓取 maxCharsCap=字数上限 cacheTtlMinutes=缓存时间（分钟）
userAgent=User-Agent search=搜索 maxResults=结果数 brave=Brave perplexity=Perplexity tavily=Tavily searxng=SearXNG
gemini=Gemini grok=Grok kimi=Kimi memorySearch=记忆搜索 extraPaths=附加路径 sources=来源 chunking=分块 tokens=Token数
overlap=重叠 query=查询 minScore=最低分 hybrid=混合检索 vectorWeight=向量权重 textWeight=文本权重 imageModel=看图模型
imageGenerationModel=生图模型 mcp=MCP servers=服务器 command=命令 args=参数 cwd=工作目录 restarts=重启次数 trust=信任
resources=资源 prompts=提示词 readOnly=只读 plugins=插件 paths=路径 slots=插槽 callSeconds=调用时限（秒）
hookSeconds=钩子时限（秒） startSeconds=启动时限（秒） blockSeconds=阻塞时限（秒） failures=失败次数
failureMinutes=失败统计时间（分钟） tasks=任务数 memoryMegabytes=内存（MB） isolated=独立进程 telemetry=遥测 endpoint=端点
serviceName=服务名 sampleRatio=采样率 propagate=传递追踪信息 notifications=通知 dedupeSeconds=去重时间（秒）
cronFailures=定时任务连续失败数 quietHours=免打扰时段 targets=目标 account=账号 secret=密钥 appId=应用ID appSecret=应用密钥
domain=域名 smtp=SMTP host=主机 username=用户名 fromAddress=发件地址 events=事件 channels=渠道
"""
SETTING_NAMES: dict[str, str] = dict(each.split("=", 1) for each in _NAMES.split())
MESSAGES: dict[str, tuple[str, str]] = {}
"""None: these are names, no sentences; every module of this folder is asked."""
