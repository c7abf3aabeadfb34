import { Fragment } from 'react';

/** A text in which what stands between backticks is to be typed as it is: the texts of settings are written so. */
export function CodeWords({ text }: { text: string }) {
  const parts = text.split(/`([^`\n]+)`/);
  return parts.map((part, place) =>
    place % 2 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text
      <code key={place} className="rounded bg-sunken px-1 font-mono text-[0.92em] text-ink-soft">
        {part}
      </code>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text
      <Fragment key={place}>{part}</Fragment>
    ),
  );
}
