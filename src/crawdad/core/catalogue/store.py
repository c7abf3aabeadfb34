"""Words about the database, the spool and the cluster."""

MESSAGES: dict[str, tuple[str, str]] = {
    "store.bad_url": (
        "The database URL cannot be read. Use sqlite:///path/to/file or postgresql://user@host/database.",
        "无法解析数据库 URL。请使用 sqlite:///文件路径 或 postgresql://用户@主机/数据库。",
    ),
    "store.url_scheme": (
        "The database URL names '{scheme}', which is not supported. Use sqlite:///path/to/file or "
        "postgresql://user@host/database.",
        "数据库 URL 中的“{scheme}”不受支持。请使用 sqlite:///文件路径 或 postgresql://用户@主机/数据库。",
    ),
    "store.url_option": (
        "The database URL has an option '{option}' that is not known or has no usable value.",
        "数据库 URL 中的选项“{option}”未知或取值无效。",
    ),
    "store.postgres_missing": (
        "PostgreSQL needs the package asyncpg, which is not installed. Install it with: pip install 'crawdad[postgres]'",
        "使用 PostgreSQL 需要 asyncpg，但尚未安装。请执行：pip install 'crawdad[postgres]'",
    ),
    "store.redis_missing": (
        "A cluster needs the package redis, which is not installed. Install it with: pip install 'crawdad[cluster]'",
        "集群功能需要 redis 包，但尚未安装。请执行：pip install 'crawdad[cluster]'",
    ),
    "store.newer_schema": (
        "The database has schema {found}, made by a newer Crawdad; this one knows up to {known}. "
        "Install the newer version again, or restore a backup made by this one.",
        "数据库结构版本为 {found}，由更新版本的 Crawdad 创建；当前版本最高支持 {known}。"
        "请重新安装较新的版本，或恢复由当前版本创建的备份。",
    ),
    "store.newer_server": (
        "The database on the server has schema {found}, made by a newer Crawdad; this one knows up to {known}, and leaves it "
        "as it is. Install the newer version again; or give this one an empty database (database.url) and restore a backup of "
        "its own into that: crawdad backup list, crawdad restore ID.",
        "服务器上的数据库结构版本为 {found}，由更新版本的 Crawdad 创建；当前版本最高支持 {known}，不会改动它。"
        "请重新安装较新的版本；或为当前版本配置一个空数据库（database.url），并将它创建的备份恢复到其中："
        "crawdad backup list、crawdad restore ID。",
    ),
    "store.damaged": (
        "The database is damaged: {reason}. Restore a backup, or move the file away to start with an empty one.",
        "数据库已损坏：{reason}。请恢复备份，或移走该文件以从空数据库开始。",
    ),
    "store.not_salvaged": (
        "Nothing can be saved from the damaged database: {reason}",
        "无法从损坏的数据库中抢救数据：{reason}",
    ),
    "store.salvage_schema": (
        "The damaged database has another schema: it cannot be laid over one of this version.",
        "损坏的数据库结构版本不同，无法与当前版本合并。",
    ),
    "store.unavailable": ("The database does not answer: {reason}", "数据库无响应：{reason}"),
    "store.conflict": (
        "This exists already, or refers to something that does not.",
        "该对象已存在，或引用了不存在的对象。",
    ),
    "store.unfit": ("The database cannot hold this value.", "数据库无法保存该值。"),
    "store.bad_cursor": ("The cursor is not one that we gave out.", "分页游标无效。"),
    "store.locked": (
        "Another process has been holding {path} for {seconds} s.",
        "另一个进程已占用 {path} 达 {seconds} 秒。",
    ),
    "store.spool": (
        "The journal's spool could not be made in {path}: {reason}",
        "无法在 {path} 中创建日志暂存文件：{reason}",
    ),
    "store.bad_cluster_url": (
        "The cluster URL cannot be used. Write it as redis://host:6379/0, rediss:// or unix://.",
        "集群 URL 不可用。请使用 redis://主机:6379/0、rediss:// 或 unix://。",
    ),
    "store.cluster_unavailable": ("Redis does not answer: {reason}", "Redis 无响应：{reason}"),
}
