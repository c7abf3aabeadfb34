import type { ReactNode } from 'react';
import { Switch } from '@/components/ui/switch';

interface EntryRowProps {
  name: string;
  title: string;
  text: string;
  badges?: ReactNode;
  on: boolean;
  busy: boolean;
  open(): void;
  set?: (on: boolean) => void;
}

/** A skill or plugin: its name leads to its details, the switch turns it on and off. */
export function EntryRow({ name, title, text, badges, on, busy, open, set }: EntryRowProps) {
  return (
    <li className="flex items-start gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <button type="button" onClick={open} className="break-all rounded text-left font-medium hover:underline">
            {title}
          </button>
          {badges}
        </p>
        <p className="line-clamp-2 break-words text-ink-soft text-sm">{text}</p>
      </div>
      <Switch aria-label={name} checked={on} disabled={busy || !set} onCheckedChange={set} />
    </li>
  );
}
