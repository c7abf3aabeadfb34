import type { ConfigSnapshot } from '@/client/control-types';
import { lines } from '@/lib/lines';
import type { ModelName, ProviderConfig } from './api';

export interface Target {
  model: string;
  weight: number;
}

export interface Rule {
  match: string;
  targets: Target[];
  fallbacks: string[];
  protocols: string[];
  keys: string[];
}

export interface Routing {
  rules: Rule[];
  aliases: Record<string, string>;
  /** Where unknown names go. */
  fallback: string | undefined;
  /** What agents use. */
  agentModel: string | undefined;
  hash: string;
}

type Loose = Record<string, unknown>;
const inner = (value: unknown): Loose => (typeof value === 'object' && value !== null ? (value as Loose) : {});
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const texts = (value: unknown): string[] => list(value).filter((each) => typeof each === 'string');

/** What the configuration says of names and where they lead. */
export function routingOf(snapshot: Pick<ConfigSnapshot, 'config' | 'hash'>): Routing {
  const models = inner(snapshot.config.models);
  const agentModel = inner(inner(snapshot.config.agents).defaults).model;
  const named = typeof agentModel === 'string' ? agentModel : inner(agentModel).primary;
  return {
    rules: list(models.rules).map((each) => {
      const rule = inner(each);
      return {
        match: String(rule.match ?? ''),
        targets: list(rule.targets).map((target) =>
          typeof target === 'string'
            ? { model: target, weight: 1 }
            : { model: String(inner(target).model ?? ''), weight: Number(inner(target).weight ?? 1) },
        ),
        fallbacks: texts(rule.fallbacks),
        protocols: texts(rule.protocols),
        keys: texts(rule.keys),
      };
    }),
    aliases: Object.fromEntries(
      Object.entries(inner(models.aliases)).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    ),
    fallback: typeof models.default === 'string' ? models.default : undefined,
    agentModel: typeof named === 'string' ? named : undefined,
    hash: snapshot.hash,
  };
}

/** A rule as the file should have it: what says nothing is left out. */
export function written(rule: Rule): Loose {
  const targets = rule.targets.filter((target) => target.model.trim());
  return {
    match: rule.match.trim(),
    targets: targets.map(({ model, weight }) =>
      weight === 1 ? { model: model.trim() } : { model: model.trim(), weight },
    ),
    ...(rule.fallbacks.length ? { fallbacks: rule.fallbacks } : {}),
    ...(rule.protocols.length ? { protocols: rule.protocols } : {}),
    ...(rule.keys.length ? { keys: rule.keys } : {}),
  };
}

/** The share of each target, 0 to 1. */
export function sharesOf(targets: readonly Target[]): number[] {
  const sum = targets.reduce((total, target) => total + target.weight, 0);
  return targets.map((target) => (sum ? target.weight / sum : 1 / targets.length));
}

export type Origin = 'configured' | 'discovered' | 'account' | 'alias' | 'agent' | 'builtin';

export interface Model {
  name: string;
  provider: string;
  /** The provider's own name for it. */
  id: string;
  origin: Origin;
}

const idOf = (model: string | { id: string }): string => (typeof model === 'string' ? model : model.id);

/** Every name with where it comes from. */
export function modelsOf(
  names: readonly ModelName[],
  providers: Readonly<Record<string, ProviderConfig>>,
  aliases: Readonly<Record<string, string>>,
): Model[] {
  return names.map(({ id: name, owned_by: provider }) => {
    const own = name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name;
    const config = providers[provider];
    let origin: Origin = 'account';
    if (name in aliases) origin = 'alias';
    else if (provider === 'openclaw') origin = 'agent';
    else if (provider === 'crawdad') origin = 'builtin';
    else if (config) origin = config.models?.some((model) => idOf(model) === own) ? 'configured' : 'discovered';
    return { name, provider, id: own, origin };
  });
}

export interface ProviderDraft {
  id: string;
  preset: string;
  baseUrl: string;
  apiKey: string;
  api: string;
  needsKey: boolean;
  discover: boolean;
  models: string;
}

/** What the file should say of a provider; what the form does not know stays as it was. */
export function providerConfig(draft: ProviderDraft, before: ProviderConfig = {}): ProviderConfig {
  const config: ProviderConfig = { ...before, baseUrl: draft.baseUrl.trim(), api: draft.api };
  if (draft.needsKey) {
    delete config.auth;
    if (draft.apiKey.trim()) config.apiKey = draft.apiKey.trim();
  } else {
    config.auth = 'none';
    delete config.apiKey;
  }
  if (draft.discover) delete config.discover;
  else config.discover = false;
  if (!before.models) config.models = lines(draft.models).map((id) => ({ id }));
  return config;
}
