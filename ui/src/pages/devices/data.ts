import { callKey, useConnection } from '@/client/control';

declare module '@/client/control-types' {
  interface ControlMethods {
    'device.pair.list': { params: Record<string, never>; result: { pending: DeviceRequest[]; paired: Device[] } };
    'device.pair.approve': { params: { requestId: string }; result: { requestId: string } };
    'device.pair.reject': { params: { requestId: string }; result: { requestId: string } };
    'device.pair.rename': { params: { deviceId: string; displayName: string }; result: { displayName: string } };
    'device.pair.remove': { params: { deviceId: string }; result: { deviceId: string } };
    'device.token.rotate': { params: { deviceId: string; role: string; scopes?: string[] }; result: NewToken };
    'device.token.revoke': { params: { deviceId: string; role: string }; result: { deviceId: string } };
    'node.list': { params: Record<string, never>; result: { nodes: Node[] } };
    'exec.approvals.get': { params: Record<string, never>; result: ApprovalFile };
    'exec.approvals.set': { params: { file: ApprovalFile['file']; baseHash: string }; result: ApprovalFile };
  }
}

interface Described {
  deviceId: string;
  displayName?: string;
  platform?: string;
  deviceFamily?: string;
  clientId?: string;
  clientMode?: string;
  remoteIp?: string;
}

export interface DeviceRequest extends Described {
  requestId: string;
  role: string;
  scopes: string[];
  /** It was let in before, and asks for more or has a new key. */
  isRepair: boolean;
  ts: number;
}

export interface DeviceToken {
  role: string;
  scopes: string[];
  createdAtMs: number;
  rotatedAtMs?: number;
  revokedAtMs?: number;
  lastUsedAtMs?: number;
}

export interface Device extends Described {
  roles: string[];
  scopes: string[];
  approvedAtMs: number;
  tokens: DeviceToken[];
}

export interface Node {
  nodeId: string;
  connected: boolean;
  caps: string[];
  commands: string[];
}

export interface NewToken {
  deviceId: string;
  role: string;
  token: string;
}

export interface AllowEntry {
  id?: string;
  pattern: string;
  source?: 'allow-always';
  commandText?: string;
  lastUsedAt?: number;
}

export interface ApprovalRules {
  security: 'deny' | 'allowlist' | 'full';
  ask: 'off' | 'on-miss' | 'always';
  askFallback: 'deny' | 'allowlist';
  autoAllowSkills: boolean;
}

export interface ApprovalFile {
  path: string;
  hash: string;
  file: { version: 1; defaults: ApprovalRules; agents: Record<string, { allowlist: AllowEntry[] }> };
}

export const devicesKey = callKey('device.pair.list');
export const nodesKey = callKey('node.list');
export const waitingKey = callKey('exec.approval.list');
export const rulesKey = callKey('exec.approvals.get');

/** Whether the connection holds a scope; the server decides, this only hides what would be refused. */
export function useScope(scope: string): boolean {
  const scopes = useConnection().welcome?.auth.scopes ?? [];
  return scopes.includes(scope) || scopes.includes('operator.admin');
}

export const nameOf = (device: Described): string =>
  device.displayName || device.clientId || device.deviceId.slice(0, 12);

/** What kind of thing it is, as far as it said. */
export const kindOf = (device: Described): string =>
  [device.platform, device.deviceFamily, device.clientMode, device.remoteIp].filter(Boolean).join(' · ');
