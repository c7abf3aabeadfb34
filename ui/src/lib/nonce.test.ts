import { expect, it, vi } from 'vitest';

it.each(['__TCRICwngDlJ6UYEYint7wI', '-a_b9dklm0123456789abcde'])('takes the nonce %s as it is', async (given) => {
  document.head.innerHTML = `<meta name="csp-nonce" content="${given}" />`;
  vi.resetModules();
  const { cspNonce } = await import('./nonce');
  expect(cspNonce).toBe(given);
  expect((globalThis as { __webpack_nonce__?: string }).__webpack_nonce__).toBe(given);
});
