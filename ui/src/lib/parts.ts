const AGAIN_MS = 3000;
const AT_MOST_EVERY_MS = 60_000;

/** A part of the console that the shell cannot do without: while the gateway is away it is waited for. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/**
 * After an update the parts that this page would still fetch are gone: it is loaded anew, but not over and over. Where the
 * gateway is only away it stays as it is, with all that is written in it; a browser's error page would come in its place.
 */
export async function loadAnewWhereGone(): Promise<void> {
  const answer = await fetch('/console/', { method: 'HEAD', cache: 'no-store' }).catch(() => undefined);
  if (!answer?.ok) return;
  const last = Number(sessionStorage.getItem('crawdad.reloaded'));
  if (Date.now() - last < AT_MOST_EVERY_MS) return;
  sessionStorage.setItem('crawdad.reloaded', String(Date.now()));
  location.reload();
}
