CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)

CREATE TABLE api_keys (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    hint TEXT NOT NULL,
    permissions TEXT NOT NULL,
    models TEXT NOT NULL,
    requests_per_minute BIGINT,
    tokens_per_minute BIGINT,
    created_at DOUBLE NOT NULL,
    expires_at DOUBLE,
    revoked_at DOUBLE,
    last_used_at DOUBLE, owner TEXT DEFAULT '' NOT NULL, parent_id TEXT, providers TEXT DEFAULT '[]' NOT NULL, protocols TEXT DEFAULT '[]' NOT NULL, networks TEXT DEFAULT '[]' NOT NULL, budgets TEXT DEFAULT '[]' NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (hash)
)

CREATE TABLE exchanges (
    id TEXT NOT NULL,
    started_at DOUBLE NOT NULL,
    contract TEXT NOT NULL,
    protocol TEXT NOT NULL,
    operation TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    client_address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    client_request_id TEXT,
    session TEXT,
    model_requested TEXT NOT NULL,
    model_resolved TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_protocol TEXT NOT NULL,
    account TEXT NOT NULL,
    lane TEXT NOT NULL,
    stream BOOLEAN NOT NULL,
    attempts TEXT NOT NULL,
    first_byte_seconds DOUBLE,
    duration_seconds DOUBLE,
    request_bytes BIGINT NOT NULL,
    response_bytes BIGINT NOT NULL,
    status INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    stop_reason TEXT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    cache_write_1h_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    tool_input_tokens BIGINT NOT NULL,
    audio_input_tokens BIGINT NOT NULL,
    audio_output_tokens BIGINT NOT NULL,
    image_input_tokens BIGINT NOT NULL,
    image_output_tokens BIGINT NOT NULL,
    accepted_prediction_tokens BIGINT NOT NULL,
    rejected_prediction_tokens BIGINT NOT NULL,
    web_searches BIGINT NOT NULL,
    service_tier TEXT,
    cost DOUBLE,
    error_kind TEXT,
    error_message TEXT,
    upstream_request_id TEXT,
    notes TEXT NOT NULL,
    stored_bytes BIGINT NOT NULL, account_label TEXT DEFAULT '' NOT NULL, owner TEXT DEFAULT '' NOT NULL, sequence BIGINT DEFAULT '0' NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX exchanges_by_time ON exchanges (started_at, id, stored_bytes)

CREATE INDEX exchanges_by_principal ON exchanges (principal_id, started_at, id)

CREATE INDEX exchanges_by_model ON exchanges (model_resolved, started_at, id)

CREATE INDEX exchanges_by_provider ON exchanges (provider, started_at, id)

CREATE INDEX exchanges_by_outcome ON exchanges (outcome, started_at, id)

CREATE TABLE stored_responses (
    id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    status TEXT NOT NULL,
    background BOOLEAN NOT NULL,
    runner TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    expires_at DOUBLE,
    request TEXT NOT NULL,
    response TEXT NOT NULL, origin TEXT,
    PRIMARY KEY (id)
)

CREATE INDEX stored_responses_by_expiry ON stored_responses (expires_at)

CREATE INDEX stored_responses_by_status ON stored_responses (status, runner)

CREATE TABLE response_events (
    response_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (response_id, sequence),
    FOREIGN KEY(response_id) REFERENCES stored_responses (id) ON DELETE CASCADE
)

CREATE TABLE key_values (
    "key" TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
)

CREATE TABLE counters (
    "key" TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY ("key")
)

CREATE TABLE changes (
    topic TEXT NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (topic)
)

CREATE INDEX exchanges_by_sequence ON exchanges (sequence)

CREATE INDEX exchanges_of_errors ON exchanges (started_at, id) WHERE status < 200 OR status >= 400

CREATE TABLE exchange_totals (
    id INTEGER NOT NULL,
    sequence BIGINT NOT NULL,
    exchanges BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    stored_bytes BIGINT NOT NULL,
    PRIMARY KEY (id)
)

CREATE TABLE exchange_kinds (
    id TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    model_requested TEXT NOT NULL,
    status INTEGER NOT NULL,
    account_label TEXT NOT NULL,
    exchanges BIGINT NOT NULL,
    first_at DOUBLE NOT NULL,
    last_at DOUBLE NOT NULL,
    PRIMARY KEY (id)
)

CREATE TABLE exchange_bodies (
    id TEXT NOT NULL,
    at DOUBLE NOT NULL,
    request BLOB,
    response BLOB,
    stored_bytes BIGINT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX exchange_bodies_by_time ON exchange_bodies (at, id, stored_bytes)

CREATE TABLE usage_buckets (
    span INTEGER NOT NULL,
    bucket BIGINT NOT NULL,
    account TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    model_requested TEXT NOT NULL,
    model_resolved TEXT NOT NULL,
    account_label TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost DOUBLE NOT NULL,
    priced BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    PRIMARY KEY (span, bucket, account, principal_id, model_requested, model_resolved)
)

CREATE TABLE usage_totals (
    span INTEGER NOT NULL,
    bucket BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost DOUBLE NOT NULL,
    priced BIGINT NOT NULL,
    unpriced BIGINT NOT NULL,
    PRIMARY KEY (span, bucket)
)

CREATE TABLE accounts (
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    provider TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    api TEXT,
    base_url TEXT,
    secret TEXT,
    models TEXT NOT NULL,
    weight DOUBLE NOT NULL,
    position BIGINT NOT NULL,
    "plan" TEXT,
    limits TEXT NOT NULL,
    disabled_reason TEXT,
    disabled_at DOUBLE,
    paused_reason TEXT,
    paused_at DOUBLE,
    protected_models TEXT NOT NULL,
    quota TEXT,
    extra TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    last_used_at DOUBLE,
    PRIMARY KEY (id),
    UNIQUE (label)
)

CREATE TABLE account_locks (
    account_id TEXT NOT NULL,
    model TEXT NOT NULL,
    until DOUBLE NOT NULL,
    reason TEXT NOT NULL,
    failures BIGINT NOT NULL,
    failed_at DOUBLE NOT NULL,
    PRIMARY KEY (account_id, model),
    FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE
)

CREATE TABLE device_profiles (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    label TEXT NOT NULL,
    profile TEXT NOT NULL,
    is_current BOOLEAN NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE
)

CREATE INDEX device_profiles_by_account ON device_profiles (account_id, created_at)

CREATE TABLE budget_counters (
    subject TEXT NOT NULL,
    unit TEXT NOT NULL,
    window TEXT NOT NULL,
    used DOUBLE NOT NULL,
    reserved DOUBLE NOT NULL,
    PRIMARY KEY (subject, unit, window)
)

CREATE TABLE budget_reservations (
    id TEXT NOT NULL,
    runner TEXT NOT NULL,
    expires_at DOUBLE NOT NULL,
    lines TEXT NOT NULL,
    returned BOOLEAN DEFAULT 0 NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX budget_reservations_by_expiry ON budget_reservations (expires_at)

CREATE TABLE sessions (
    "key" TEXT NOT NULL,
    session_id TEXT NOT NULL,
    public_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    owner TEXT NOT NULL,
    parent_key TEXT NOT NULL,
    title TEXT NOT NULL,
    label TEXT NOT NULL,
    channel TEXT NOT NULL,
    chat_type TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    settings TEXT NOT NULL,
    preview TEXT NOT NULL,
    extra TEXT NOT NULL,
    route TEXT,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    active_at DOUBLE NOT NULL,
    cost DOUBLE NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    context_tokens BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    compactions BIGINT NOT NULL,
    aborted BOOLEAN NOT NULL,
    PRIMARY KEY ("key")
)

CREATE INDEX sessions_by_time ON sessions (updated_at, "key")

CREATE INDEX sessions_by_owner ON sessions (owner, updated_at, "key")

CREATE INDEX sessions_by_agent ON sessions (agent_id, updated_at, "key")

CREATE INDEX sessions_by_public_id ON sessions (public_id, owner)

CREATE INDEX sessions_by_parent ON sessions (parent_key)

CREATE INDEX sessions_by_label ON sessions (label)

CREATE TABLE session_logs (
    session_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    ended_at DOUBLE,
    reason TEXT NOT NULL,
    last_sequence BIGINT NOT NULL,
    last_id TEXT,
    compaction BIGINT NOT NULL,
    first_kept BIGINT NOT NULL,
    header TEXT NOT NULL,
    PRIMARY KEY (session_id)
)

CREATE INDEX session_logs_by_key ON session_logs ("key", created_at)

CREATE TABLE session_lines (
    session_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    id TEXT NOT NULL,
    parent_id TEXT,
    kind TEXT NOT NULL,
    at DOUBLE NOT NULL,
    run_id TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (session_id, sequence),
    FOREIGN KEY(session_id) REFERENCES session_logs (session_id) ON DELETE CASCADE
)

CREATE TABLE session_texts (
    id INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    session_id TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    words TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX session_texts_by_key ON session_texts ("key", sequence)

CREATE INDEX session_texts_by_log ON session_texts (session_id)

CREATE VIRTUAL TABLE session_search USING fts5(words, content='session_texts', content_rowid='id', tokenize="unicode61 remove_diacritics 0")

CREATE TRIGGER session_texts_added AFTER INSERT ON session_texts BEGIN INSERT INTO session_search(rowid, words) VALUES (new.id, new.words); END

CREATE TRIGGER session_texts_removed AFTER DELETE ON session_texts BEGIN INSERT INTO session_search(session_search, rowid, words) VALUES ('delete', old.id, old.words); END

CREATE TABLE agent_runs (
    id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    session_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    origin TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    started_at DOUBLE,
    ended_at DOUBLE,
    runner TEXT NOT NULL,
    starts BIGINT NOT NULL,
    mode TEXT NOT NULL,
    ready_at DOUBLE NOT NULL,
    absorbed_by TEXT NOT NULL,
    cancel_wanted BOOLEAN NOT NULL,
    spawned_by TEXT NOT NULL,
    unannounced BOOLEAN NOT NULL,
    idempotency_key TEXT,
    parent_run_id TEXT NOT NULL,
    depth BIGINT NOT NULL,
    title TEXT NOT NULL,
    model TEXT NOT NULL,
    stop_reason TEXT NOT NULL,
    error_kind TEXT,
    error TEXT,
    cost DOUBLE,
    text TEXT NOT NULL,
    "order" TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE UNIQUE INDEX agent_runs_one_at_a_time ON agent_runs (session_key) WHERE status = 'running'

CREATE INDEX agent_runs_by_session ON agent_runs (session_key, status, id)

CREATE UNIQUE INDEX agent_runs_by_key ON agent_runs (principal_id, idempotency_key) WHERE idempotency_key IS NOT NULL

CREATE INDEX agent_runs_by_status ON agent_runs (status, ready_at)

CREATE INDEX agent_runs_by_end ON agent_runs (ended_at)

CREATE INDEX agent_runs_by_parent ON agent_runs (parent_run_id)

CREATE INDEX agent_runs_by_spawner ON agent_runs (spawned_by, status)

CREATE TABLE agent_run_events (
    run_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    at DOUBLE NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
)

CREATE TABLE approvals (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    summary TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    run_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    lasting TEXT NOT NULL,
    details TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    expires_at DOUBLE NOT NULL,
    decided_at DOUBLE,
    decided_by TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX approvals_by_status ON approvals (status, created_at)

CREATE INDEX approvals_by_session ON approvals (session_key, fingerprint)

CREATE TABLE approval_grants (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    summary TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    lasting TEXT NOT NULL,
    details TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    created_by TEXT NOT NULL,
    last_used_at DOUBLE,
    PRIMARY KEY (id)
)

CREATE UNIQUE INDEX approval_grants_by_mark ON approval_grants (agent_id, lasting)

CREATE TABLE memory_vectors (
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    vector BLOB NOT NULL,
    kept_at DOUBLE NOT NULL,
    PRIMARY KEY (model, digest)
)

CREATE INDEX memory_vectors_by_time ON memory_vectors (kept_at)

CREATE TABLE mcp_tools (
    server TEXT NOT NULL,
    tool TEXT NOT NULL,
    approved TEXT,
    seen TEXT NOT NULL,
    description TEXT NOT NULL,
    changed_at DOUBLE NOT NULL,
    approved_at DOUBLE,
    approved_by TEXT DEFAULT '' NOT NULL,
    PRIMARY KEY (server, tool)
)

CREATE TABLE cron_jobs (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    name TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    next_run_at BIGINT,
    parent_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE TABLE cron_runs (
    job_id TEXT NOT NULL,
    slot TEXT NOT NULL,
    status TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    job_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    runner TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    planned_at BIGINT,
    started_at BIGINT,
    ended_at BIGINT,
    phase TEXT NOT NULL,
    run_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    summary TEXT NOT NULL,
    error TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    usage TEXT NOT NULL,
    delivery_status TEXT NOT NULL,
    delivery_error TEXT NOT NULL,
    next_run_at BIGINT,
    PRIMARY KEY (job_id, slot)
)

CREATE TABLE system_events (
    session_key TEXT NOT NULL,
    "key" TEXT NOT NULL,
    id TEXT NOT NULL,
    at DOUBLE NOT NULL,
    text TEXT NOT NULL,
    untrusted BOOLEAN NOT NULL,
    run_id TEXT NOT NULL,
    PRIMARY KEY (session_key, "key")
)

CREATE TABLE heartbeats (
    agent_id TEXT NOT NULL,
    next_at DOUBLE NOT NULL,
    runner TEXT NOT NULL,
    running_until DOUBLE NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (agent_id)
)

CREATE INDEX cron_jobs_by_next_run ON cron_jobs (next_run_at)

CREATE INDEX cron_jobs_by_owner ON cron_jobs (owner)

CREATE INDEX cron_runs_by_status ON cron_runs (status, requested_at)

CREATE INDEX cron_runs_by_job ON cron_runs (job_id, requested_at)

CREATE INDEX cron_runs_by_time ON cron_runs (requested_at)

CREATE INDEX system_events_by_session ON system_events (session_key, run_id, id)

CREATE INDEX system_events_by_time ON system_events (at)

CREATE TABLE agent_links (
    principal_id TEXT NOT NULL,
    name TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (principal_id, name)
)

CREATE INDEX agent_links_by_expiry ON agent_links (expires_at)

CREATE TABLE hook_deliveries (
    "key" TEXT NOT NULL,
    runner TEXT NOT NULL,
    status TEXT NOT NULL,
    run_id TEXT NOT NULL,
    "order" TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY ("key")
)

CREATE INDEX hook_deliveries_by_status ON hook_deliveries (status, runner)

CREATE INDEX hook_deliveries_by_time ON hook_deliveries (updated_at)

CREATE TABLE media_files (
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at DOUBLE NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX media_files_by_expiry ON media_files (expires_at)

CREATE TABLE devices (
    id TEXT NOT NULL,
    described TEXT NOT NULL,
    roles TEXT NOT NULL,
    scopes TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    approved_at DOUBLE NOT NULL,
    PRIMARY KEY (id)
)

CREATE TABLE device_tokens (
    device_id TEXT NOT NULL,
    role TEXT NOT NULL,
    serial TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    rotated_at DOUBLE,
    revoked_at DOUBLE,
    last_used_at DOUBLE,
    PRIMARY KEY (device_id, role)
)

CREATE TABLE device_requests (
    id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    described TEXT NOT NULL,
    role TEXT NOT NULL,
    scopes TEXT NOT NULL,
    repair BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    at DOUBLE NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX device_requests_by_time ON device_requests (at)

CREATE INDEX device_requests_by_device ON device_requests (device_id)

CREATE TABLE tool_invocations (
    principal_id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    claim TEXT NOT NULL,
    runner TEXT NOT NULL,
    outcome TEXT,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (principal_id, "key")
)

CREATE INDEX tool_invocations_by_expiry ON tool_invocations (expires_at)

CREATE TABLE outside_files (
    sha256 TEXT NOT NULL,
    path TEXT NOT NULL,
    run_id TEXT NOT NULL,
    noted_at DOUBLE NOT NULL,
    PRIMARY KEY (sha256)
)

CREATE INDEX outside_files_by_path ON outside_files (path)

CREATE TABLE rate_windows (
    "key" TEXT NOT NULL,
    count BIGINT NOT NULL,
    ends_at DOUBLE NOT NULL,
    PRIMARY KEY ("key")
)

CREATE INDEX rate_windows_by_end ON rate_windows (ends_at)

CREATE TABLE channel_events (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    event_id TEXT NOT NULL,
    id TEXT NOT NULL,
    position BIGINT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    ready_at DOUBLE NOT NULL,
    message TEXT NOT NULL,
    raw TEXT NOT NULL,
    reason TEXT NOT NULL,
    run_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    received_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY (channel, account, event_id),
    UNIQUE (id)
)

CREATE INDEX channel_events_by_state ON channel_events (state, channel, account, position)

CREATE INDEX channel_events_by_position ON channel_events (position)

CREATE INDEX channel_events_by_time ON channel_events (updated_at)

CREATE TABLE channel_deliveries (
    id TEXT NOT NULL,
    "key" TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    lane TEXT NOT NULL,
    chat TEXT NOT NULL,
    position BIGINT NOT NULL,
    state TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    mention TEXT NOT NULL,
    error TEXT NOT NULL,
    covered TEXT NOT NULL,
    ready_at DOUBLE NOT NULL,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY (id),
    UNIQUE ("key")
)

CREATE INDEX channel_deliveries_by_state ON channel_deliveries (state, channel, account, position)

CREATE INDEX channel_deliveries_by_position ON channel_deliveries (position)

CREATE INDEX channel_deliveries_by_time ON channel_deliveries (updated_at)

CREATE TABLE channel_parts (
    delivery_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    text TEXT NOT NULL,
    buttons TEXT NOT NULL,
    media TEXT NOT NULL,
    data BLOB,
    attempts BIGINT NOT NULL,
    message_ids TEXT NOT NULL,
    error TEXT NOT NULL,
    sent_at DOUBLE,
    PRIMARY KEY (delivery_id, number),
    FOREIGN KEY(delivery_id) REFERENCES channel_deliveries (id) ON DELETE CASCADE
)

CREATE TABLE channel_chats (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    lane TEXT NOT NULL,
    chat TEXT NOT NULL,
    reply_context TEXT NOT NULL,
    last_inbound_at DOUBLE NOT NULL,
    sent_since BIGINT NOT NULL,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY (channel, account, lane)
)

CREATE TABLE channel_messages (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    message_id TEXT NOT NULL,
    lane TEXT NOT NULL,
    at DOUBLE NOT NULL,
    ours BOOLEAN NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    text TEXT NOT NULL,
    pending BOOLEAN NOT NULL,
    PRIMARY KEY (channel, account, message_id)
)

CREATE INDEX channel_messages_by_lane ON channel_messages (channel, account, lane, pending, at)

CREATE INDEX channel_messages_by_time ON channel_messages (at)

CREATE TABLE channel_pairings (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    code TEXT NOT NULL,
    chat TEXT NOT NULL,
    created_at DOUBLE NOT NULL,
    seen_at DOUBLE NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (channel, account, sender_id)
)

CREATE INDEX channel_pairings_by_expiry ON channel_pairings (expires_at)

CREATE TABLE channel_people (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    name TEXT NOT NULL,
    owner BOOLEAN NOT NULL,
    added_at DOUBLE NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (channel, account, sender_id)
)

CREATE TABLE activity (
    number INTEGER NOT NULL,
    id TEXT NOT NULL,
    mark TEXT,
    at DOUBLE NOT NULL,
    kept_at DOUBLE NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    summary TEXT NOT NULL,
    detail TEXT,
    searched TEXT NOT NULL,
    PRIMARY KEY (number),
    UNIQUE (id),
    UNIQUE (mark)
)

CREATE INDEX activity_by_source ON activity (source, number)

CREATE INDEX activity_by_time ON activity (kept_at)

CREATE TABLE tickets (
    hash TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    path TEXT NOT NULL,
    expires_at DOUBLE NOT NULL,
    PRIMARY KEY (hash)
)

CREATE INDEX tickets_by_expiry ON tickets (expires_at)

CREATE TABLE channel_files (
    id TEXT NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    data BLOB NOT NULL,
    created_at DOUBLE NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX channel_files_by_time ON channel_files (created_at)

CREATE TABLE work_tasks (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    target TEXT NOT NULL,
    "exclusive" TEXT NOT NULL,
    owner TEXT NOT NULL,
    runner TEXT NOT NULL,
    status TEXT NOT NULL,
    progress INTEGER NOT NULL,
    lines TEXT NOT NULL,
    lines_dropped INTEGER NOT NULL,
    result TEXT,
    error TEXT,
    started_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    ended_at DOUBLE,
    PRIMARY KEY (id)
)

CREATE INDEX work_tasks_by_status ON work_tasks (status, "exclusive")

CREATE INDEX work_tasks_by_time ON work_tasks (started_at)

CREATE TABLE health_samples (
    id TEXT NOT NULL,
    at DOUBLE NOT NULL,
    span INTEGER NOT NULL,
    level TEXT NOT NULL,
    response_ms DOUBLE,
    processor DOUBLE NOT NULL,
    memory DOUBLE NOT NULL,
    parts TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX health_samples_by_time ON health_samples (at)

CREATE TABLE heal_events (
    id TEXT NOT NULL,
    at DOUBLE NOT NULL,
    runner TEXT NOT NULL,
    status TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (id)
)

CREATE INDEX heal_events_by_time ON heal_events (at)

CREATE TABLE notifications (
    id TEXT NOT NULL,
    target TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    at DOUBLE NOT NULL,
    mark TEXT NOT NULL,
    state TEXT NOT NULL,
    batch TEXT NOT NULL,
    runner TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    repeats INTEGER NOT NULL,
    receipt TEXT NOT NULL,
    error TEXT NOT NULL,
    ready_at DOUBLE NOT NULL,
    created_at DOUBLE NOT NULL,
    updated_at DOUBLE NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT notifications_once UNIQUE (target, mark)
)

CREATE INDEX notifications_by_state ON notifications (state, ready_at)

CREATE INDEX notifications_by_subject ON notifications (target, subject, created_at)

CREATE INDEX notifications_by_time ON notifications (created_at)

INSERT INTO alembic_version (version_num) VALUES ('0019')
