import { callKey, control, useConnection } from '@/client/control';
import type { Hints, Schema } from '@/components/schema-form/schema';

export interface Skill {
  name: string;
  description: string;
  source: string;
  skillKey: string;
  filePath: string;
  emoji?: string;
  homepage?: string;
  primaryEnv?: string;
  always: boolean;
  disabled: boolean;
  blockedByAllowlist: boolean;
  eligible: boolean;
  requirements: Needs;
  missing: Needs;
}

export interface Needs {
  bins: string[];
  anyBins: string[];
  env: string[];
  config: string[];
  os: string[];
}

/** A skill that was looked at and is not installed yet. */
export interface Candidate {
  uploadId: string;
  name: string;
  description: string;
  version: string | null;
  sha256: string;
  vouchedBy: string;
  permissions: {
    binaries: string[];
    variables: string[];
    config: string[];
    installers: string[];
    scripts: string[];
    hosts: string[];
    commandTool: boolean;
    warnings: string[];
    files: number;
    bytes: number;
  };
}

export interface Plugin {
  id: string;
  name: string;
  description: string;
  version?: string;
  origin: string;
  enabled: boolean;
  state: 'enabled' | 'disabled' | 'error';
  removable: boolean;
  error?: string;
}

export interface Diagnostic {
  level: 'error' | 'warn' | 'info';
  pluginId: string;
  message: string;
}

export interface Inspection {
  declared: Record<string, string[]>;
  reviewToken: string;
  source?: { kind: string; spec?: string; integrity?: string };
  grants: { hooks: Record<string, { effective: boolean }> };
}

export interface PluginSettings {
  schema: Schema;
  uiHints: Hints;
  config: Record<string, unknown>;
  permissions: Record<string, string[]>;
  homepage: string | null;
  license: string | null;
}

declare module '@/client/control-types' {
  interface ControlMethods {
    'skills.update': {
      params: { skillKey: string; enabled?: boolean; apiKey?: string; env?: Record<string, string> };
      result: { ok: boolean };
    };
    'skills.upload.begin': {
      params: { kind: 'skill-archive'; slug: string; sizeBytes: number; force: boolean };
      result: { uploadId: string };
    };
    'skills.upload.chunk': {
      params: { uploadId: string; offset: number; dataBase64: string };
      result: { receivedBytes: number };
    };
    'skills.upload.commit': { params: { uploadId: string; sha256?: string }; result: Candidate };
    'skills.look': { params: { address: string; sha256?: string; registry?: string }; result: Candidate };
    'skills.install': {
      params: { source: 'upload'; uploadId: string; slug: string; force: boolean; sha256: string };
      result: { ok: boolean; directory: string };
    };
    'skills.remove': { params: { name: string }; result: { ok: boolean } };
    'plugins.list': {
      params: Record<string, never>;
      result: { plugins: Plugin[]; diagnostics: Diagnostic[]; mutationAllowed: boolean };
    };
    'plugins.inspect': { params: { pluginId: string }; result: Inspection };
    'plugins.settings': { params: { pluginId: string }; result: PluginSettings };
    'plugins.refresh': { params: Record<string, never>; result: { ok: boolean } };
    'plugins.setEnabled': {
      params: { pluginId: string; enabled: boolean; acknowledgeCapabilities?: { reviewToken: string } };
      result: { ok: boolean; warnings?: string[] };
    };
    'plugins.uninstall': { params: { pluginId: string }; result: { ok: boolean; warnings: string[] } };
  }
}

export const skillsKey = callKey('skills.status');
export const pluginKeys = [
  callKey('plugins.list'),
  callKey('plugins.inspect'),
  callKey('plugins.settings'),
  callKey('config.get'),
];

/** Whether whoever is signed in may change what there is. */
export const useMayChange = (): boolean => useConnection().welcome?.auth.scopes.includes('operator.admin') ?? false;

const pieceBytes = 512 * 1024;

/** Bring an archive to the gateway, in pieces: what it holds. Nothing is installed. */
export async function bring(file: File, slug: string, force: boolean, sha256: string): Promise<Candidate> {
  const { uploadId } = await control.call('skills.upload.begin', {
    kind: 'skill-archive',
    slug,
    sizeBytes: file.size,
    force,
  });
  for (let offset = 0; offset < file.size; offset += pieceBytes) {
    const bytes = new Uint8Array(await file.slice(offset, offset + pieceBytes).arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    await control.call('skills.upload.chunk', { uploadId, offset, dataBase64: btoa(text) });
  }
  return control.call('skills.upload.commit', { uploadId, ...(sha256 ? { sha256 } : {}) }, { timeoutMs: 60_000 });
}
