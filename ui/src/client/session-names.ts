import { i18n } from '@/i18n';
import type { SessionRow } from './control-types';

/** What a session is called: the name it was given, else its first words; an agent's main one, which never ends, by what it is. */
export function sessionName(row: SessionRow): string {
  const named = row.displayName ?? row.derivedTitle ?? row.label;
  if (named) return named;
  const own = row.key.replace(/^agent:[^:]+:/, '');
  return own === 'main' ? i18n.t('mainConversation') : own;
}
