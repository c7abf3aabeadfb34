import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { createStore, useStore } from '@/lib/store';
import { Button } from './button';

interface Toast {
  id: number;
  tone: 'good' | 'bad' | 'neutral';
  text: string;
  detail?: string;
  action?: { label: string; run(): void };
  ms: number;
}

const shown = createStore<readonly Toast[]>([]);
let last = 0;

interface ToastOptions {
  detail?: string;
  /** For instance to undo what was done. */
  action?: { label: string; run(): void };
  ms?: number;
}

function show(tone: Toast['tone'], text: string, options: ToastOptions = {}): void {
  last += 1;
  const ms = options.ms ?? (tone === 'bad' || options.action ? 10_000 : 4_000);
  shown.set([...shown.get().slice(-3), { id: last, tone, text, ...options, ms }]);
}

function dismiss(id: number): void {
  shown.set(shown.get().filter((each) => each.id !== id));
}

/** Short news of what was done or went wrong. */
export const toast = {
  good: (text: string, options?: ToastOptions) => show('good', text, options),
  bad: (text: string, options?: ToastOptions) => show('bad', text, options),
  note: (text: string, options?: ToastOptions) => show('neutral', text, options),
};

const icons = { good: CircleCheck, bad: CircleAlert, neutral: Info };

export function Toasts() {
  const { t } = useTranslation('common');
  const toasts = useStore(shown);
  return (
    <section
      aria-label={t('notices')}
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-3 z-[60] flex flex-col items-end gap-2"
    >
      {toasts.map((each) => (
        <One key={each.id} toast={each} />
      ))}
    </section>
  );
}

function One({ toast: each }: { toast: Toast }) {
  const { t } = useTranslation('common');
  const Icon = icons[each.tone];
  useEffect(() => {
    const timer = setTimeout(() => dismiss(each.id), each.ms);
    return () => clearTimeout(timer);
  }, [each.id, each.ms]);
  return (
    <div
      role={each.tone === 'bad' ? 'alert' : 'status'}
      className="enter pointer-events-auto flex w-full max-w-sm items-start gap-2.5 rounded-lg border border-line bg-raised p-3 text-sm shadow-raised"
    >
      <Icon
        aria-hidden
        className={cn('mt-0.5 size-4 shrink-0', each.tone === 'good' && 'text-good', each.tone === 'bad' && 'text-bad')}
      />
      <div className="min-w-0 flex-1">
        <p className="font-medium">{each.text}</p>
        {each.detail && <p className="mt-0.5 break-words text-ink-soft">{each.detail}</p>}
      </div>
      {each.action && (
        <Button
          size="small"
          onClick={() => {
            each.action?.run();
            dismiss(each.id);
          }}
        >
          {each.action.label}
        </Button>
      )}
      <Button look="quiet" size="small-icon" aria-label={t('close')} onClick={() => dismiss(each.id)}>
        <X aria-hidden />
      </Button>
    </div>
  );
}
