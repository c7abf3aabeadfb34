import { GitFork } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import type { SessionRow } from '@/client/control-types';
import { type Enveloped, rest } from '@/client/rest';
import { sessionName } from '@/client/session-names';

/** Copy a session up to a line of its log. The key of the copy. */
export async function forkSession(key: string, sequence: number): Promise<string> {
  const made = await rest.post<Enveloped<{ key: string }>>('/api/v1/sessions/{name}/fork', {
    path: { name: key },
    body: { sequence },
  });
  return made.data.key;
}

/** Of which conversation this one is a copy. */
export function Origin({ from, sessions }: { from: string; sessions: readonly SessionRow[] }) {
  const { t } = useTranslation('chat');
  const row = sessions.find((each) => each.key === from);
  return (
    <p className="flex min-w-0 items-center gap-1.5 border-line border-b pb-2 text-ink-soft text-sm">
      <GitFork aria-hidden className="size-4 shrink-0" />
      <span className="shrink-0">{t('fork.from')}</span>
      <PageLink to="/chat" search={{ session: from }} className="min-w-0 truncate text-accent hover:underline">
        {row ? sessionName(row) : from}
      </PageLink>
    </p>
  );
}
