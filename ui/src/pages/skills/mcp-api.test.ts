import { describe, expect, it } from 'vitest';
import { isComplete, type NewServer, writtenServer } from './mcp-api';

const none: NewServer = { transport: 'http', url: '', token: '', command: '', args: '', env: '' };

describe('a new MCP server', () => {
  it('at an address has a token only where one was given', () => {
    expect(writtenServer({ ...none, url: ' https://tools.example/mcp ' })).toEqual({
      url: 'https://tools.example/mcp',
    });
    expect(writtenServer({ ...none, url: 'https://tools.example/mcp', token: 'secret' }).headers).toEqual({
      Authorization: 'Bearer secret',
    });
  });

  it('that is a program has an argument and a variable per line', () => {
    const wanted: NewServer = { ...none, transport: 'stdio', command: 'npx', args: '-y\n\nsome server', env: 'A=b=c' };
    expect(writtenServer(wanted)).toEqual({ command: 'npx', args: ['-y', 'some server'], env: { A: 'b=c' } });
    expect(isComplete('files', wanted)).toBe(true);
    expect(isComplete('files', { ...wanted, env: 'A' })).toBe(false);
    expect(isComplete('my files', wanted)).toBe(false);
    expect(isComplete('files', { ...wanted, transport: 'http', url: 'tools.example' })).toBe(false);
  });
});
