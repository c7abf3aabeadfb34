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

/** Whether `entry`, the page as the gateway now serves it, is of the build that runs here: an entry script names its parts. */
export function ofThisBuild(entry: string, running: string | undefined): boolean {
  return running !== undefined && entry.includes(running);
}

function runningBuild(): string | undefined {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  return script ? new URL(script.src).pathname : undefined;
}

/**
 * After an update the parts that this page would still fetch are gone: it is loaded anew, but not over and over. Where the
 * gateway is only away, or was until a moment ago, the page stays as it is, with all that is written in it.
 */
export async function loadAnewWhereGone(): Promise<void> {
  const answer = await fetch('/console/', { cache: 'no-store' }).catch(() => undefined);
  if (!answer?.ok) return;
  const entry = await answer.text().catch(() => undefined);
  if (entry === undefined || ofThisBuild(entry, runningBuild())) return;
  const last = Number(sessionStorage.getItem('crawdad.reloaded'));
  if (Date.now() - last < AT_MOST_EVERY_MS) return;
  sessionStorage.setItem('crawdad.reloaded', String(Date.now()));
  location.reload();
}
