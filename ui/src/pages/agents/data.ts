import { useQuery } from '@tanstack/react-query';
import { callKey, control } from '@/client/control';
import type { Enveloped } from '@/client/rest';
import { rest } from '@/client/rest';

declare module '@/client/control-types' {
  interface ControlMethods {
    'agents.create': {
      params: { name: string; model?: string; emoji?: string };
      result: { ok: boolean; agentId: string; name: string };
    };
    'agents.update': {
      params: { agentId: string; name?: string; model?: string | null; emoji?: string };
      result: { ok: boolean };
    };
    'agents.delete': {
      params: { agentId: string; deleteFiles?: boolean };
      result: { ok: boolean; failed?: { path: string; reason: string }[] };
    };
    'agents.files.list': { params: { agentId: string }; result: { workspace: string; files: AgentFile[] } };
    'agents.files.get': {
      params: { agentId: string; name: string };
      result: { file: AgentFile & { content?: string } };
    };
    'agents.files.set': { params: { agentId: string; name: string; content: string }; result: { ok: boolean } };
    'tools.catalog': { params: { agentId?: string }; result: { profiles: { id: string }[]; groups: ToolGroup[] } };
    'skills.status': { params: { agentId?: string }; result: { skills: Skill[] } };
  }
}

export interface AgentFile {
  name: string;
  path: string;
  missing: boolean;
  size?: number;
  updatedAtMs?: number;
}

export interface ToolGroup {
  id: string;
  label: string;
  tools: { id: string; label: string; description: string }[];
}

export interface Skill {
  name: string;
  skillKey: string;
  description: string;
  source: string;
  emoji?: string;
  eligible: boolean;
  disabled: boolean;
}

/** A template of an agent for a trade. */
export interface Expert {
  id: string;
  name: string;
  name_en: string;
  description: string;
  description_en: string;
  emoji: string;
  category: string;
  category_zh: string;
}

export const agentsKey = callKey('agents.list');
export const configKey = callKey('config.get');
export const filesKey = callKey('agents.files.list');

export function useExperts(enabled: boolean) {
  return useQuery({
    queryKey: ['rest', 'experts'],
    queryFn: ({ signal }) => rest.get<Enveloped<Expert[]>>('/v1/openclaw/experts', { signal }),
    select: (found) => found.data,
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });
}

interface Task {
  id: string;
  status: string;
  error?: string | null;
}

/** An agent made after a template: its id, once it is there. */
export async function hire(expert: string, id: string, model: string, language: string): Promise<string> {
  const answer = await rest.post<Record<string, unknown>>('/v1/openclaw/bots/template', {
    body: { expertId: expert, newBotId: id, ...(model ? { modelId: model } : {}) },
    headers: { 'accept-language': language },
  });
  const data = (answer.data ?? answer) as Record<string, unknown>;
  const task = String(data.taskID ?? data.taskId ?? data.task_id ?? data.id);
  const ended = await control.call('work.get', { id: task, timeoutMs: 20_000 }, { timeoutMs: 30_000 });
  if (ended.error) throw new Error(errorOf(ended.error));
  return id.toLowerCase();
}

const errorOf = (error: Task['error'] | object): string =>
  typeof error === 'string' ? error : String((error as { message?: string }).message ?? error);

declare module '@/client/control-types' {
  interface ControlMethods {
    'work.get': {
      params: { id: string; timeoutMs?: number };
      result: { id: string; status: string; error?: string | { message?: string } | null };
    };
  }
}
