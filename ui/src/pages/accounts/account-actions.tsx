import { Activity, EllipsisVertical, Hourglass, Pause, Pencil, Pin, Play, Star, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuItem, MenuLine } from '@/components/ui/menu';
import { toast } from '@/components/ui/toasts';
import { Tooltip } from '@/components/ui/tooltip';
import { useAction } from '@/lib/use-action';
import { type Account, accountApi, accountsKey } from './api';

const refresh = [accountsKey];

/** What can be done with an account. */
export function AccountActions({ account, onOpen }: { account: Account; onOpen(): void }) {
  const { t } = useTranslation('accounts');
  const name = account.email;
  const paused = account.proxy_disabled;
  const test = useAction(() => accountApi.test(account.id), { refresh, onDone: (words) => toast.note(words) });
  const toggle = useAction((enable: boolean) => accountApi.toggle(account.id, enable), {
    refresh,
    onDone: (_, enable) =>
      toast.good(enable ? t('resumed', { name }) : t('paused', { name }), {
        action: { label: t('undo'), run: () => toggle.mutate(!enable) },
      }),
  });
  const current = useAction(() => accountApi.makeCurrent(account.id), {
    refresh,
    done: () => t('madeCurrent', { name }),
  });
  const prefer = useAction((id: string | null) => accountApi.prefer(id), {
    refresh,
    done: (_, id) => (id ? t('nowPreferred', { name }) : t('noLongerPreferred', { name })),
  });
  const endRest = useAction(() => accountApi.endRest(account.id), { refresh, done: () => t('restEnded', { name }) });
  const remove = useAction(() => accountApi.remove(account.id), { refresh, done: () => t('removed', { name }) });

  const askToRemove = async () => {
    const sure = await confirm({
      title: t('remove.title', { name }),
      text: t('remove.text'),
      action: t('remove.do'),
    });
    if (sure) remove.mutate();
  };

  return (
    <div className="flex items-center gap-0.5">
      <Tooltip text={t('test')}>
        <Button
          look="quiet"
          size="icon"
          aria-label={t('testOf', { name })}
          busy={test.isPending}
          onClick={() => test.mutate()}
        >
          {!test.isPending && <Activity aria-hidden />}
        </Button>
      </Tooltip>
      <Tooltip text={paused ? t('resume') : t('pause')}>
        <Button
          look="quiet"
          size="icon"
          aria-label={paused ? t('resumeOf', { name }) : t('pauseOf', { name })}
          disabled={toggle.isPending}
          onClick={() => toggle.mutate(paused)}
        >
          {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
        </Button>
      </Tooltip>
      <Menu
        trigger={
          <Button look="quiet" size="icon" aria-label={t('moreOf', { name })}>
            <EllipsisVertical aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={onOpen}>
          <Pencil aria-hidden />
          {t('edit')}
        </MenuItem>
        <MenuItem disabled={account.is_current} onSelect={() => current.mutate()}>
          <Pin aria-hidden />
          {t('makeCurrent')}
        </MenuItem>
        <MenuItem onSelect={() => prefer.mutate(account.is_preferred ? null : account.id)}>
          <Star aria-hidden />
          {account.is_preferred ? t('doNotPrefer') : t('prefer')}
        </MenuItem>
        <MenuItem disabled={!account.rate_limits.length} onSelect={() => endRest.mutate()}>
          <Hourglass aria-hidden />
          {t('endRest')}
        </MenuItem>
        <MenuLine />
        <MenuItem tone="bad" onSelect={() => void askToRemove()}>
          <Trash2 aria-hidden />
          {t('delete')}
        </MenuItem>
      </Menu>
    </div>
  );
}
