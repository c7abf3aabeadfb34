import { describe, expect, it } from 'vitest';
import { entryOf, modelOf, namesOf, rebased, sameMatch, withDefault, withEntry, withLists, withTool } from './entries';

const config = {
  agents: {
    list: [
      { id: 'main', default: true },
      { id: 'ada', model: { primary: 'a/b', fallbacks: ['c/d'] } },
    ],
  },
};

describe('agents of the configuration', () => {
  it('are changed without touching the others', () => {
    const changed = withEntry(config, 'ada', { skills: ['x'], model: undefined });
    expect(changed).toEqual({
      agents: {
        list: [
          { id: 'main', default: true },
          { id: 'ada', skills: ['x'], model: null },
        ],
      },
    });
    expect(withEntry({}, 'main', { skills: [] })).toEqual({ agents: { list: [{ id: 'main', skills: [] }] } });
    expect(modelOf(entryOf(config, 'ada'))).toBe('a/b');
    const denied = { agents: { list: [{ id: 'ada', tools: { profile: 'coding', deny: ['exec'] } }] } };
    expect(withEntry(denied, 'ada', { tools: { profile: 'coding' } })).toEqual({
      agents: { list: [{ id: 'ada', tools: { deny: null } }] },
    });
  });

  it('become the default one, and the others no longer are', () => {
    expect(withDefault(config, 'ada')).toEqual({
      agents: {
        list: [
          { id: 'main', default: null },
          { id: 'ada', default: true },
        ],
      },
    });
  });

  it('lose a tool and get it back', () => {
    const without = withTool({ profile: 'coding' }, 'exec', false);
    expect(without).toEqual({ profile: 'coding', deny: ['exec'] });
    expect(withTool(without, 'exec', true)).toEqual({ profile: 'coding' });
  });
});

it('lists are taken as they are typed, and empty ones are none', () => {
  expect(namesOf(' read, write\nread，exec、group:fs ')).toEqual(['read', 'write', 'exec', 'group:fs']);
  const tools = { profile: 'coding', deny: ['exec'], elevated: { enabled: false } };
  expect(withLists(tools, { allow: ['read'], alsoAllow: [], deny: [] })).toEqual({
    profile: 'coding',
    allow: ['read'],
    elevated: { enabled: false },
  });
});

it('what is typed outlives a change of the list that it began from', () => {
  expect(rebased('exec\nbrowser* no', ['exec'], ['exec'])).toBe('exec\nbrowser* no');
  expect(rebased('exec, gro', ['exec'], ['exec', 'read'])).toBe('exec\ngro\nread');
  expect(rebased('exec\nread gro', ['exec', 'read'], ['read'])).toBe('read\ngro');
  expect(rebased('exec\n', ['exec'], ['exec', 'exec2'])).toBe('exec\nexec2');
});

describe('bindings', () => {
  it('are the same where they mean the same chats', () => {
    const peer = { kind: 'group', id: '群一' };
    expect(sameMatch({ channel: 'qq', peer }, { peer: { id: '群一', kind: 'group' }, channel: 'qq' })).toBe(true);
    expect(sameMatch({ channel: 'qq' }, { channel: 'qq', peer })).toBe(false);
    expect(sameMatch({ channel: 'qq' }, { channel: 'qq', accountId: '*' })).toBe(false);
    expect(sameMatch({ channel: 'discord' }, { channel: 'discord', guildId: '1' })).toBe(false);
  });
});
