import { type SyntheticEvent, useState } from 'react';

const MOST = 200;
const opened = new Set<string>();

/** Keeps open what somebody has opened, also where the log's view of it takes the place of the live one. */
export function useOpened(name: string): { open: boolean; onToggle(event: SyntheticEvent<HTMLDetailsElement>): void } {
  const [open, setOpen] = useState(() => opened.has(name));
  return {
    open,
    onToggle(event) {
      const now = event.currentTarget.open;
      setOpen(now);
      if (!now) opened.delete(name);
      else {
        if (opened.size >= MOST) opened.clear();
        opened.add(name);
      }
    },
  };
}
