import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from '@/lib/clipboard';
import { Button } from './ui/button';
import { toast } from './ui/toasts';

export function CopyButton({ text, label, className }: { text: string; label?: string; className?: string }) {
  const { t } = useTranslation('common');
  const [done, setDone] = useState(false);
  return (
    <Button
      look="quiet"
      size="small-icon"
      className={className}
      aria-label={label ?? t('copy')}
      onClick={() =>
        void copyText(text).then((copied) => {
          if (!copied) toast.bad(t('copyFailed'));
          setDone(copied);
          setTimeout(() => setDone(false), 1500);
        })
      }
    >
      {done ? <Check aria-hidden className="text-good" /> : <Copy aria-hidden />}
    </Button>
  );
}

/** A line or block to be copied: a command, an address, a key that is shown once. */
export function CopyBlock({ text, label }: { text: string; label?: string }) {
  return (
    <div className="flex items-start gap-1 rounded-md border border-line bg-sunken py-1 pr-1 pl-3">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre tabIndex={0} className="min-w-0 flex-1 overflow-x-auto py-1 font-mono text-ink text-xs leading-5">
        {text}
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}
