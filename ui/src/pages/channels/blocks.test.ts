import { describe, expect, it } from 'vitest';
import { anotherOf, blockName, changedFields, patchOf, saidOf, withoutAccount } from './blocks';

const config = {
  channels: {
    defaults: { groupPolicy: 'disabled' },
    lark: { appId: 'one', appSecret: 'kept' },
    telegram: { botToken: 'first', defaultAccount: 'mine' },
    qq: { accounts: { day: { wsUrl: 'ws://day' }, night: { wsUrl: 'ws://night' } }, defaultAccount: 'day' },
  },
};

describe('the block of a channel', () => {
  it('is the one that is there, by whichever of its names: a new one beside it would stand in its place', () => {
    expect(blockName(config, 'feishu')).toBe('lark');
    expect(blockName(config, 'slack')).toBe('slack');
    expect(patchOf(config, 'feishu', 'default', { dmPolicy: 'open' })).toEqual({
      channels: { lark: { dmPolicy: 'open' } },
    });
    expect(saidOf(config, 'feishu', 'default')).toMatchObject({ appId: 'one', groupPolicy: 'disabled' });
  });

  it('takes another account without losing the first', () => {
    expect(anotherOf(config, 'telegram', 'second', { botToken: 'other' })).toEqual({
      channels: { telegram: { enabled: true, accounts: { mine: {}, second: { botToken: 'other' } } } },
    });
    expect(anotherOf(config, 'qq', 'dawn', {})).toEqual({
      channels: { qq: { enabled: true, accounts: { dawn: {} } } },
    });
  });

  it('loses an account, and goes with the last', () => {
    expect(withoutAccount(config, 'qq', 'night')).toEqual({ channels: { qq: { accounts: { night: null } } } });
    expect(withoutAccount(config, 'qq', 'day')).toEqual({
      channels: { qq: { accounts: { day: null }, defaultAccount: null } },
    });
    expect(withoutAccount(config, 'telegram', 'mine')).toEqual({ channels: { telegram: null } });
  });
});

it('keeps a secret that nobody typed', () => {
  const fields = [
    { name: 'appId', label: { en: '', 'zh-CN': '' } },
    { name: 'appSecret', label: { en: '', 'zh-CN': '' }, secret: true },
  ];
  const said = saidOf(config, 'feishu', 'default');
  expect(changedFields(said, fields, { appId: 'one', appSecret: ' ' })).toEqual({});
  expect(changedFields(said, fields, { appSecret: ' new ' })).toEqual({ appSecret: 'new' });
});
