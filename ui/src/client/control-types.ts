/**
 * The methods of the control channel that the console calls. The source is docs/control-protocol.md. A page adds those
 * that it alone needs beside itself:
 *
 *     declare module '@/client/control-types' {
 *       interface ControlMethods { 'cron.list': { params: { limit?: number }; result: { jobs: Job[] } } }
 *     }
 */
export interface ControlMethods {
  health: { params: { probe?: boolean }; result: HealthSnapshot };
  'agents.list': { params: Record<string, never>; result: AgentList };
  'models.list': { params: { view?: string }; result: { models: ModelEntry[] } };
  'sessions.list': { params: SessionListParams; result: { count: number; sessions: SessionRow[] } };
  'sessions.patch': { params: { key: string } & Record<string, unknown>; result: { ok: boolean } };
  'sessions.reset': { params: { key: string; reason?: string }; result: { ok: boolean } };
  'sessions.delete': { params: { key: string; deleteTranscript?: boolean }; result: { ok: boolean; deleted: boolean } };
  'channels.status': { params: { probe?: boolean; timeoutMs?: number }; result: ChannelsStatus };
  'exec.approval.list': { params: Record<string, never>; result: ApprovalRequest[] };
  'exec.approval.resolve': { params: { id: string; decision: ApprovalDecision }; result: { ok: boolean } };
  'config.get': { params: Record<string, never>; result: ConfigSnapshot };
  'config.patch': { params: { raw: string; baseHash?: string; note?: string }; result: { ok: boolean } };
}

export interface ControlEvents {
  agent: AgentEvent;
  chat: ChatEvent;
  health: HealthSnapshot;
  presence: { presence: unknown[] };
  work: { id: string; kind: string; title: string; status: string; progress?: unknown };
  cron: { jobId: string; action: string; runAtMs?: number; status?: string; error?: string };
  'exec.approval.requested': ApprovalRequest;
  'exec.approval.resolved': { id: string; decision: ApprovalDecision; resolvedBy: string; ts: number };
  'device.pair.requested': { requestId: string; deviceId: string; displayName?: string };
  'device.pair.resolved': { requestId: string; deviceId: string; decision: string };
  shutdown: { reason?: string; restartExpectedMs?: number };
  tick: { ts: number };
}

export type ApprovalDecision = 'allow-once' | 'allow-always' | 'deny';

export interface HealthSnapshot {
  ok: boolean;
  ts: number;
  defaultAgentId: string;
  agents: { agentId: string; isDefault: boolean; sessions: { count: number } }[];
  sessions: { count: number };
  /** Of the answer to `health`, not of the event: each part that is not well, with its level. */
  health?: { level: string; checkedAt: number | null; responseMs: number | null; parts: Record<string, string> };
}

export interface AgentList {
  defaultId: string;
  mainKey: string;
  scope: string;
  agents: { id: string; name?: string; identity?: { name?: string; emoji?: string; avatarUrl?: string } }[];
}

export interface ModelEntry {
  id: string;
  name: string;
  provider: string;
  contextWindow?: number;
  reasoning?: boolean;
  input?: string[];
}

export interface SessionListParams {
  limit?: number;
  agentId?: string;
  search?: string;
  includeDerivedTitles?: boolean;
  includeLastMessage?: boolean;
}

export interface SessionRow {
  key: string;
  kind: string;
  displayName?: string;
  derivedTitle?: string;
  lastMessagePreview?: string;
  label?: string;
  channel?: string;
  updatedAt: number;
  sessionId: string;
  inputTokens?: number;
  outputTokens?: number;
  totalTokens?: number;
  contextTokens?: number;
  model?: string;
  modelProvider?: string;
  thinkingLevel?: string;
  /** Of which session it is a copy, and up to which line of its log. */
  forkedFrom?: { key: string; sessionId: string; sequence: number | null };
}

export interface ChannelAccountStatus {
  accountId: string;
  name?: string;
  enabled?: boolean;
  configured?: boolean;
  linked?: boolean;
  running?: boolean;
  connected?: boolean;
  /** connected, degraded, connecting, needs_login, error, stopped … */
  state?: string;
  lastError?: string | null;
  lastInboundAt?: number | null;
  lastOutboundAt?: number | null;
}

export interface ChannelsStatus {
  ts: number;
  channelOrder: string[];
  channelLabels: Record<string, string>;
  channels: Record<string, Record<string, unknown>>;
  channelAccounts: Record<string, ChannelAccountStatus[]>;
}

export interface ApprovalRequest {
  id: string;
  request: {
    command: string;
    commandArgv?: string[] | null;
    cwd?: string | null;
    host?: string | null;
    agentId?: string | null;
    sessionKey?: string | null;
    resolvedPath?: string | null;
    envKeys?: string[];
  };
  createdAtMs: number;
  expiresAtMs: number;
}

export interface ConfigSnapshot {
  path: string;
  raw: string | null;
  /** As it stands in the file; `config` has what counts where nothing stands there, besides. Secrets are masked in both. */
  parsed: Record<string, unknown>;
  config: Record<string, unknown>;
  hash: string;
  valid: boolean;
  issues: { path?: string; message: string }[];
}

export interface ContentPart {
  type: string;
  text?: string;
  thinking?: string;
  name?: string;
  id?: string;
  arguments?: unknown;
  [other: string]: unknown;
}

export interface ChatMessage {
  role: string;
  content: string | ContentPart[];
  timestamp?: number;
  provider?: string;
  model?: string;
  toolCallId?: string;
  toolName?: string;
  isError?: boolean;
  stopReason?: string;
  /** Which line of the log it is; `origin`: what asked, where it was nobody. */
  __openclaw?: { id: string; seq: number; origin?: string };
}

export interface ChatEvent {
  runId: string;
  sessionKey: string;
  seq: number;
  state: 'delta' | 'final' | 'aborted' | 'error';
  message?: ChatMessage;
  deltaText?: string;
  errorMessage?: string;
  stopReason?: string;
}

export interface AgentEvent {
  runId: string;
  stream: string;
  sessionKey: string;
  seq: number;
  ts: number;
  data: Record<string, unknown>;
}

export interface Welcome {
  protocol: number;
  server: { version: string; connId: string };
  features: { methods: string[]; events: string[] };
  snapshot: {
    health?: HealthSnapshot;
    uptimeMs?: number;
    sessionDefaults?: { defaultAgentId: string; mainKey: string; mainSessionKey: string };
    configPath?: string;
    stateDir?: string;
  };
  auth: { role: string; scopes: string[] };
  policy: { tickIntervalMs: number; maxPayload: number };
}
