/** A fresh id. `crypto.randomUUID` is missing where the page does not come over TLS or from this machine. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
