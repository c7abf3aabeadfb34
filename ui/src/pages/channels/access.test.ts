import { describe, expect, it } from 'vitest';
import { accessChange, accessOf } from './access';
import { patchOf } from './blocks';

const config = {
  channels: {
    defaults: { groupPolicy: 'disabled' },
    telegram: {
      dmPolicy: 'allowlist',
      allowFrom: [42],
      accounts: { second: { dmPolicy: 'pairing', groups: { '-1001': { requireMention: false }, '-1002': {} } } },
    },
  },
};

describe('who may write to an account', () => {
  it('is what its own block says upon that of the channel', () => {
    expect(accessOf(config, 'telegram', 'second')).toEqual({
      dmPolicy: 'pairing',
      allowFrom: ['42'],
      groupPolicy: 'disabled',
      groups: ['-1001', '-1002'],
    });
    expect(accessOf({}, 'slack', 'default').dmPolicy).toBe('pairing');
  });

  it('is written where the account has its block', () => {
    const change = { dmPolicy: 'open' };
    expect(patchOf(config, 'telegram', 'second', change)).toEqual({
      channels: { telegram: { accounts: { second: change } } },
    });
    expect(patchOf(config, 'telegram', 'default', change)).toEqual({ channels: { telegram: change } });
  });

  it('keeps what is said of groups that stay, and lets everybody in only with a star', () => {
    const before = accessOf(config, 'telegram', 'second');
    const change = accessChange(before, { ...before, dmPolicy: 'open', groups: ['-1001', '-1003'] });
    expect(change).toMatchObject({ allowFrom: ['42', '*'], groups: { '-1002': null, '-1003': {} } });
    expect(accessChange(before, before)).toEqual({});
    expect(accessChange(before, { ...before, groupPolicy: 'open' })).toEqual({ groupPolicy: 'open' });
  });
});
