import type { TFunction } from 'i18next';
import { ApiError } from './errors';

/** How the control channel says it, in its own language. */
const NO_SCOPE = /^missing scope: /;

/** A failure in words for whoever sits before the page. */
export function wordsOf(error: unknown, t: TFunction<'common'>): string {
  if (error instanceof ApiError) {
    if (error.code === 'timeout') return t('timedOut');
    if (error.unreachable) return t('unreachable');
    if (NO_SCOPE.test(error.message)) return t('forbidden');
    if (error.forbidden) return error.message || t('forbidden');
  }
  return error instanceof Error && error.message ? error.message : t('somethingFailed');
}
