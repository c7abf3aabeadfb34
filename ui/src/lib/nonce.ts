/**
 * The nonce that the server put into the page: what libraries add as `<style>` must carry it. Taken as it is: a random one may
 * begin with underscores, as the placeholder does. While developing there is no policy, and it does not matter.
 */
export const cspNonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

// The name under which `get-nonce`, part of the dialogs' scroll lock, looks for it.
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = cspNonce;
