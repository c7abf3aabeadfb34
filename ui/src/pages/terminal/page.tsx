import { Plus, SquareTerminal, X } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { useCall } from '@/client/control';
import { Contained } from '@/components/contained';
import { PageBody } from '@/components/page-body';
import { Empty, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { cn } from '@/lib/cn';
import { freshId } from '@/lib/ids';
import { patiently } from '@/lib/parts';

const Screen = lazy(() => patiently(() => import('./screen')));
const MOST = 4;

export type Kind = 'tui' | 'shell';

interface Opened {
  id: string;
  kind: Kind;
  number: number;
}

/** Terminals side by side in tabs: an agent's chat, and a prompt for the commands that are allowed. */
export default function TerminalPage() {
  const { t } = useTranslation('terminal');
  const configuration = useCall('config.get', {});
  const gateway = configuration.data?.config.gateway as { shell?: { enabled?: boolean } } | undefined;
  const shell = gateway?.shell?.enabled === true;
  const [opened, setOpened] = useState<readonly Opened[]>([]);
  const [shown, setShown] = useState('');
  const active = opened.find((each) => each.id === shown) ?? opened.at(-1);

  const open = (kind: Kind) => {
    const number = 1 + Math.max(0, ...opened.filter((each) => each.kind === kind).map((each) => each.number));
    const next = { id: freshId(), kind, number };
    setOpened([...opened, next]);
    setShown(next.id);
  };
  const close = (id: string) => setOpened(opened.filter((each) => each.id !== id));
  const nameOf = (each: Opened) =>
    each.number > 1 ? `${t(`kind.${each.kind}`)} ${each.number}` : t(`kind.${each.kind}`);
  const openers = (
    <>
      <Button size="small" disabled={opened.length >= MOST} onClick={() => open('tui')}>
        <Plus aria-hidden />
        {t('kind.tui')}
      </Button>
      <Button size="small" disabled={opened.length >= MOST || !shell} onClick={() => open('shell')}>
        <Plus aria-hidden />
        {t('kind.shell')}
      </Button>
    </>
  );

  return (
    <PageBody size="fill">
      {opened.length > 0 && (
        <div className="flex flex-wrap items-center gap-2">
          <ul aria-label={t('opened')} className="flex min-w-0 flex-1 flex-wrap gap-1">
            {opened.map((each) => (
              <li
                key={each.id}
                className={cn(
                  'flex items-center rounded-md border border-line',
                  each === active ? 'bg-accent-wash' : 'bg-surface',
                )}
              >
                <button
                  type="button"
                  aria-pressed={each === active}
                  className="rounded-l-md px-2.5 py-1 text-sm"
                  onClick={() => setShown(each.id)}
                >
                  {nameOf(each)}
                </button>
                <Button
                  look="quiet"
                  size="small-icon"
                  aria-label={t('closeTab', { name: nameOf(each) })}
                  onClick={() => close(each.id)}
                >
                  <X aria-hidden />
                </Button>
              </li>
            ))}
          </ul>
          {openers}
        </div>
      )}
      {opened.length === 0 && (
        <div className="rounded-lg border border-line bg-surface">
          <Empty
            icon={SquareTerminal}
            title={t('none.title')}
            text={
              <>
                <p>{t('none.text')}</p>
                {configuration.data && !shell && (
                  <p className="mt-2">
                    {t('shellOff')}{' '}
                    <PageLink to="/configuration" search={{ at: 'gateway.shell' }} className="text-accent underline">
                      {t('shellOn')}
                    </PageLink>
                  </p>
                )}
              </>
            }
            action={<div className="flex flex-wrap justify-center gap-2">{openers}</div>}
          />
        </div>
      )}
      {opened.map((each) => (
        <div key={each.id} hidden={each !== active} className={cn(each === active && 'min-h-0 flex-1')}>
          <Contained>
            <Suspense fallback={<Skeleton lines={8} />}>
              <Screen kind={each.kind} label={nameOf(each)} active={each === active} />
            </Suspense>
          </Contained>
        </div>
      ))}
    </PageBody>
  );
}
