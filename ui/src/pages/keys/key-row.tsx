import { Ban, CornerDownRight, Pencil } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { Ago } from '@/components/time';
import { Badge, Status, type Tone } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Tooltip } from '@/components/ui/tooltip';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { useNow } from '@/lib/use-now';
import { type Key, keyApi, keysKey } from './api';
import { Budgets } from './budgets';
import { descendantsOf, type KeyStateName, stateOf } from './tree';

const tones: Record<KeyStateName, Tone> = {
  valid: 'good',
  expiring: 'warn',
  exhausted: 'bad',
  expired: 'bad',
  revoked: 'neutral',
};

const indents = ['', 'pl-8', 'pl-13', 'pl-18', 'pl-23'];

export function KeyRow({ shown: key, depth, keys }: { shown: Key; depth: number; keys: Key[] }) {
  const { t } = useTranslation('keys');
  const setSearch = useSetSearch();
  const formats = useFormats();
  const now = useNow() / 1000;
  const state = stateOf(key, now);
  const revoke = useAction(() => keyApi.revoke(key.id), {
    refresh: [keysKey],
    done: () => t('revoked', { name: key.name }),
  });
  const askToRevoke = async () => {
    const count = descendantsOf(key.id, keys).length;
    const sure = await confirm({
      title: t('revoke.title', { name: key.name }),
      text: count ? t('revoke.textMany', { count }) : t('revoke.text'),
      action: t('revoke.do'),
    });
    if (sure) revoke.mutate();
  };
  const restrictions = [
    key.models.length && t('only.models', { count: key.models.length }),
    key.providers.length && t('only.providers', { count: key.providers.length }),
    key.protocols.length && t('only.protocols', { count: key.protocols.length }),
    key.networks.length && t('only.networks', { count: key.networks.length }),
  ].filter((each) => typeof each === 'string');
  return (
    <li
      className={cn(
        'grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-4 gap-y-2 px-4 py-3',
        'lg:grid-cols-[minmax(0,1fr)_minmax(0,1.2fr)_auto]',
        indents[Math.min(depth, indents.length - 1)],
      )}
    >
      <div className="min-w-0">
        <div className="flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
          {depth > 0 && <CornerDownRight aria-hidden className="-ml-1 size-4 shrink-0 text-ink-faint" />}
          <button
            type="button"
            onClick={() => setSearch({ key: key.id })}
            className={cn(
              'min-w-0 truncate text-left font-medium underline-offset-4 hover:underline',
              state === 'revoked' ? 'text-ink-faint line-through' : 'text-ink',
            )}
          >
            {key.name}
          </button>
          <code className="text-ink-faint text-xs">{key.hint}</code>
          {restrictions.map((each) => (
            <Badge key={each}>{each}</Badge>
          ))}
        </div>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-ink-faint text-xs">
          {key.owner && <span>{key.owner}</span>}
          <span>
            {key.last_used_at ? (
              <>
                {t('used')} <Ago at={key.last_used_at * 1000} />
              </>
            ) : (
              t('neverUsed')
            )}
          </span>
        </p>
        <Status tone={tones[state]} className="mt-1.5">
          {t(`state.${state}`)}
          {key.expires_at && !key.revoked_at && (
            <span className="ml-1.5 text-ink-faint">
              {state === 'expired' ? (
                <Ago at={key.expires_at * 1000} />
              ) : (
                t('until', { date: formats.date(key.expires_at * 1000) })
              )}
            </span>
          )}
        </Status>
      </div>
      <div className="col-span-2 min-w-0 max-lg:order-last lg:col-span-1">
        <Budgets owner={key} keys={keys} />
      </div>
      <div className="flex gap-0.5">
        <Tooltip text={t('edit')}>
          <Button
            look="quiet"
            size="icon"
            aria-label={t('editOf', { name: key.name })}
            disabled={Boolean(key.revoked_at)}
            onClick={() => setSearch({ key: key.id })}
          >
            <Pencil aria-hidden />
          </Button>
        </Tooltip>
        <Tooltip text={t('revoke')}>
          <Button
            look="quiet"
            size="icon"
            aria-label={t('revokeOf', { name: key.name })}
            disabled={Boolean(key.revoked_at) || revoke.isPending}
            onClick={() => void askToRevoke()}
          >
            <Ban aria-hidden />
          </Button>
        </Tooltip>
      </div>
    </li>
  );
}
