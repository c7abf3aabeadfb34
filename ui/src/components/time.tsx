import { useFormats } from '@/lib/format';
import { useNow } from '@/lib/use-now';

/** How long ago (or ahead) a moment is; the exact time in the user's zone beside the pointer. Milliseconds. */
export function Ago({ at, className }: { at: number | null | undefined; className?: string }) {
  const formats = useFormats();
  const now = useNow();
  if (!at) return <span className={className}>–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} title={formats.dateTime(at)} className={className}>
      {formats.relative(at, at > now && at - now < 60_000 ? at : now)}
    </time>
  );
}

/** A moment, exact. */
export function Moment({ at, className }: { at: number | null | undefined; className?: string }) {
  const formats = useFormats();
  if (!at) return <span className={className}>–</span>;
  return (
    <time dateTime={new Date(at).toISOString()} className={className}>
      {formats.dateTime(at)}
    </time>
  );
}
