import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { cspNonce } from '@/lib/nonce';
import { useTheme } from '@/lib/preferences';
import type { Kind } from './page';
import { writerOf } from './writer';

const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A colour of the page as the terminal understands it: it reads no `oklch`. */
function colour(name: string): string {
  const canvas = document.createElement('canvas');
  canvas.width = 1;
  canvas.height = 1;
  const context = canvas.getContext('2d');
  if (!context) return '#888888';
  context.fillStyle = token(name);
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

const themeOf = (): ITheme => ({
  background: colour('surface'),
  foreground: colour('ink'),
  cursor: colour('accent'),
  cursorAccent: colour('surface'),
  selectionBackground: colour('line-strong'),
});

/* The policy refuses what is set by the attribute, and lets the same be set by the property. */
function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/* What the terminal adds as `<style>` must carry the page's nonce, and colours of its own go past the attribute. */
const allowed = new Proxy(document, {
  get(target, name) {
    if (name === 'createElement')
      return (tag: string, options?: ElementCreationOptions) => {
        const element = Document.prototype.createElement.call(target, tag, options);
        if (tag === 'style') element.setAttribute('nonce', cspNonce);
        if (tag === 'span') element.setAttribute = setAttribute;
        return element;
      };
    const value: unknown = Reflect.get(target, name);
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

/** Open it with the nonce on the one `<style>` that its scroll bar makes past `documentOverride`. */
function opened(screen: Terminal, box: HTMLElement): void {
  document.createElement = allowed.createElement;
  try {
    screen.open(box);
  } finally {
    Reflect.deleteProperty(document, 'createElement');
  }
}

/** Each message costs the browser more than what it holds. */
const LARGEST_FRAME = 64 * 1024;

type State = 'connecting' | 'open' | 'closed';

/** One terminal and its program at the gateway. It ends with the page, or when it is closed. */
export default function Screen({ kind, label, active }: { kind: Kind; label: string; active: boolean }) {
  const { t } = useTranslation('terminal');
  const box = useRef<HTMLDivElement>(null);
  const terminal = useRef<Terminal | undefined>(undefined);
  const [state, setState] = useState<State>('connecting');
  const [reason, setReason] = useState('');
  const [attempt, setAttempt] = useState(0);
  const theme = useTheme();

  // biome-ignore lint/correctness/useExhaustiveDependencies: each attempt begins anew
  useEffect(() => {
    if (!box.current) return;
    const screen = new Terminal({
      documentOverride: allowed,
      fontFamily: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
      fontSize: 13,
      scrollback: 5000,
      screenReaderMode: true,
      cursorBlink: false,
      theme: themeOf(),
    });
    terminal.current = screen;
    const fit = new FitAddon();
    screen.loadAddon(fit);
    opened(screen, box.current);
    fit.fit();
    const address = new URL(`/v1/ws/${kind}?frame=${LARGEST_FRAME}`, location.href.replace(/^http/, 'ws'));
    const socket = new WebSocket(address);
    socket.binaryType = 'arraybuffer';
    const resize = () => {
      if (socket.readyState === WebSocket.OPEN)
        socket.send(JSON.stringify({ type: 'resize', cols: screen.cols, rows: screen.rows }));
    };
    setState('connecting');
    socket.addEventListener('open', () => {
      setState('open');
      resize();
      screen.focus();
    });
    const writer = writerOf(screen);
    socket.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) =>
      writer.write(typeof data === 'string' ? data : new Uint8Array(data)),
    );
    socket.addEventListener('close', (event) => {
      setState('closed');
      setReason(event.reason);
    });
    screen.onData((typed) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(typed);
    });
    screen.onResize(resize);
    const resized = new ResizeObserver(() => {
      if (box.current?.clientWidth) fit.fit();
    });
    resized.observe(box.current);
    return () => {
      resized.disconnect();
      writer.stop();
      socket.close();
      screen.dispose();
      terminal.current = undefined;
    };
  }, [kind, attempt]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    if (terminal.current) terminal.current.options.theme = themeOf();
  }, [theme]);

  useEffect(() => {
    if (active) terminal.current?.focus();
  }, [active]);

  return (
    <section aria-label={label} className="flex h-full min-h-0 flex-col gap-2">
      <div className="min-h-0 flex-1 rounded-lg border border-line bg-surface p-2">
        {/* What is measured to fit has neither border nor padding of its own: both would count as room for text. */}
        <div ref={box} className="size-full overflow-hidden" />
      </div>
      <div className="flex min-h-7 items-center gap-3 text-ink-soft text-sm">
        <p role="status">{state === 'closed' && reason ? reason : t(`state.${state}`)}</p>
        {state === 'closed' && (
          <Button size="small" onClick={() => setAttempt(attempt + 1)}>
            {t('again')}
          </Button>
        )}
      </div>
    </section>
  );
}
