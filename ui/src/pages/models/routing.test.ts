import { describe, expect, it } from 'vitest';
import { modelsOf, providerConfig, routingOf, sharesOf, written } from './routing';

describe('routing', () => {
  it('is read of any configuration, and written without what says nothing', () => {
    const models = {
      rules: [{ match: 'a*', targets: ['x/y', { model: 'z', weight: 3 }], keys: null }],
      aliases: { f: 'g' },
    };
    const found = routingOf({ config: { models, agents: { defaults: { model: { primary: 'p' } } } }, hash: 'h' });
    expect(found).toMatchObject({ aliases: { f: 'g' }, agentModel: 'p', fallback: undefined, hash: 'h' });
    expect(found.rules.map(written)).toEqual([{ match: 'a*', targets: [{ model: 'x/y' }, { model: 'z', weight: 3 }] }]);
    expect(sharesOf(found.rules[0]?.targets ?? [])).toEqual([0.25, 0.75]);
    expect(routingOf({ config: {}, hash: '' }).rules).toEqual([]);
  });
});

describe('models', () => {
  it('tell where they come from', () => {
    const names = ['o/a', 'o/b', 'f', 'crawdad/demo', 'q/c'].map((id) => ({ id, owned_by: id.split('/')[0] ?? '' }));
    const found = modelsOf(names, { o: { models: ['a'] } }, { f: 'o/a' });
    expect(found.map((model) => model.origin)).toEqual(['configured', 'discovered', 'alias', 'builtin', 'account']);
  });
});

describe('providers', () => {
  const draft = {
    id: 'o',
    preset: '',
    baseUrl: ' u ',
    apiKey: '',
    api: 'ollama',
    needsKey: true,
    discover: true,
    models: 'm\nn',
  };

  it('keep their key and what the form does not know', () => {
    const before = { baseUrl: 'v', apiKey: 'masked', weight: 2, models: ['a'], discover: false };
    expect(providerConfig(draft, before)).toEqual({
      baseUrl: 'u',
      api: 'ollama',
      apiKey: 'masked',
      weight: 2,
      models: ['a'],
    });
    expect(providerConfig({ ...draft, needsKey: false }, before)).not.toHaveProperty('apiKey');
    expect(providerConfig(draft).models).toEqual([{ id: 'm' }, { id: 'n' }]);
  });
});
