import type { Terminal } from '@xterm/xterm';

type Piece = string | Uint8Array;

const FLOOD_BYTES = 32 * 1024;
const CALM_MS = 300;
/** As much is parsed in one go: some milliseconds of work, after which the page may draw. */
const MOST_BYTES = 32 * 1024;

/** The next thing to write, which goes out of `pieces`: a text, or bytes put together from as many pieces as `most` lets in. */
export function nextOf(pieces: Piece[], most: number): Piece | undefined {
  const first = pieces.shift();
  if (first === undefined || typeof first === 'string') return first;
  const chosen = [first];
  let size = first.length;
  while (typeof pieces[0] === 'object' && size + pieces[0].length <= most) {
    size += pieces[0].length;
    chosen.push(pieces.shift() as Uint8Array);
  }
  if (chosen.length === 1) return first;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of chosen) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * Writes to a screen. What comes while it is busy waits and is written together: each writing costs more than the little that a
 * message holds. Its copy for screen readers measures every row with each frame, which costs more than all the rest; nobody
 * can listen to a flood, so while more waits than is read aloud it is left out, and it comes back with what is in sight.
 */
export function writerOf(screen: Pick<Terminal, 'write' | 'options'>): { write(data: Piece): void; stop(): void } {
  const pieces: Piece[] = [];
  let waiting = 0;
  let busy = false;
  let calm: ReturnType<typeof setTimeout> | undefined;
  const rest = () => {
    if (screen.options.screenReaderMode) return;
    clearTimeout(calm);
    calm = setTimeout(() => {
      if (!waiting) screen.options.screenReaderMode = true;
    }, CALM_MS);
  };
  const next = () => {
    const data = nextOf(pieces, MOST_BYTES);
    busy = data !== undefined;
    if (data === undefined) {
      rest();
      return;
    }
    screen.write(data, () => {
      waiting -= data.length;
      next();
    });
  };
  return {
    write(data) {
      waiting += data.length;
      if (waiting > FLOOD_BYTES && screen.options.screenReaderMode) screen.options.screenReaderMode = false;
      pieces.push(data);
      if (!busy) next();
    },
    stop: () => clearTimeout(calm),
  };
}
