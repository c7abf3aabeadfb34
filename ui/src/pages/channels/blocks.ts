import { type ChannelField, kinds } from './kinds';

export type Block = Record<string, unknown>;

export const blockOf = (value: unknown): Block =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Block) : {};

/** The key below `channels` that a channel is configured by: another of its names where that one is there. */
export function blockName(config: Block, channel: string): string {
  const blocks = blockOf(config.channels);
  const aliases = kinds.find((each) => each.id === channel)?.aliases ?? [];
  return [channel, ...aliases].find((name) => name in blocks) ?? channel;
}

/** What the configuration says of a channel. */
export const channelBlock = (config: Block, channel: string): Block =>
  blockOf(blockOf(config.channels)[blockName(config, channel)]);

const accountsOf = (config: Block, channel: string): Block => blockOf(channelBlock(config, channel).accounts);

/** What the configuration says of an account: its own block upon that of the channel, and that upon `defaults`. */
export function saidOf(config: Block, channel: string, account: string): Block {
  const own = channelBlock(config, channel);
  return { ...blockOf(blockOf(config.channels).defaults), ...own, ...blockOf(accountsOf(config, channel)[account]) };
}

/** A part of the configuration that says something of an account: in its own block where it has one. */
export function patchOf(config: Block, channel: string, account: string, change: Block): Block {
  const apart = account in accountsOf(config, channel);
  return { channels: { [blockName(config, channel)]: apart ? { accounts: { [account]: change } } : change } };
}

/** Another account of a channel that has some: the one that had no block of its own gets one, as else it would be gone. */
export function anotherOf(config: Block, channel: string, account: string, values: Block): Block {
  const own = channelBlock(config, channel);
  const first = Object.keys(accountsOf(config, channel)).length
    ? {}
    : { [typeof own.defaultAccount === 'string' ? own.defaultAccount : 'default']: {} };
  return {
    channels: { [blockName(config, channel)]: { enabled: true, accounts: { ...first, [account]: values } } },
  };
}

/** An account is configured no more; with the last one goes the whole channel. */
export function withoutAccount(config: Block, channel: string, account: string): Block {
  const others = Object.keys(accountsOf(config, channel)).filter((each) => each !== account);
  const meant = channelBlock(config, channel).defaultAccount === account;
  const left = { accounts: { [account]: null }, ...(meant ? { defaultAccount: null } : {}) };
  return { channels: { [blockName(config, channel)]: others.length ? left : null } };
}

/** What was changed of what a channel needs: a secret that was left empty stays as it is. */
export function changedFields(said: Block, fields: readonly ChannelField[], values: Record<string, string>): Block {
  const given = fields.map(({ name }) => [name, values[name]?.trim() ?? ''] as const);
  return Object.fromEntries(given.filter(([name, value]) => value && value !== said[name]));
}
