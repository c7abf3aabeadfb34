import { type Block, blockOf, saidOf } from './blocks';

export const directPolicies = ['pairing', 'allowlist', 'open', 'disabled'] as const;
export const groupPolicies = ['allowlist', 'open', 'disabled'] as const;

export interface Access {
  dmPolicy: (typeof directPolicies)[number];
  allowFrom: string[];
  groupPolicy: (typeof groupPolicies)[number];
  /** The groups that are answered in, by id; `*` stands for any. */
  groups: string[];
}

/** Who may write to an account, as the configuration says. */
export function accessOf(config: Block, channel: string, account: string): Access {
  const said = saidOf(config, channel, account);
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return {
    dmPolicy: directPolicies.find((each) => each === said.dmPolicy) ?? 'pairing',
    allowFrom: list(said.allowFrom),
    groupPolicy: groupPolicies.find((each) => each === said.groupPolicy) ?? 'allowlist',
    groups: Object.keys(blockOf(said.groups)),
  };
}

/** What has to be written for access to be as wished, and nothing else: the rest may have been changed elsewhere meanwhile.
 * A group that is named no more is taken away, the others keep what else is said of them. Everybody (`open`) needs the star
 * in the list. */
export function accessChange(before: Access, wanted: Access): Block {
  const everybody = wanted.dmPolicy === 'open' && !wanted.allowFrom.includes('*');
  const allowFrom = everybody ? [...wanted.allowFrom, '*'] : wanted.allowFrom;
  const gone = before.groups.filter((each) => !wanted.groups.includes(each)).map((each) => [each, null]);
  const fresh = wanted.groups.filter((each) => !before.groups.includes(each)).map((each) => [each, {}]);
  return {
    ...(wanted.dmPolicy === before.dmPolicy ? {} : { dmPolicy: wanted.dmPolicy }),
    ...(allowFrom.join('\n') === before.allowFrom.join('\n') ? {} : { allowFrom }),
    ...(wanted.groupPolicy === before.groupPolicy ? {} : { groupPolicy: wanted.groupPolicy }),
    ...(gone.length + fresh.length ? { groups: Object.fromEntries([...gone, ...fresh]) } : {}),
  };
}
