import { useTranslation } from 'react-i18next';
import { PageLink } from '@/app/links';
import { Facts } from '@/components/facts';
import { Moment } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { toast } from '@/components/ui/toasts';
import { type Key, keyApi, keysKey } from './api';
import { Budgets } from './budgets';
import { KeyForm } from './key-form';

/** One key: what it has used, and what it may do. */
export function KeyDrawer({ opened, keys, close }: { opened: Key; keys: readonly Key[]; close(): void }) {
  const { t } = useTranslation('keys');
  const parent = keys.find((key) => key.id === opened.parent_id);
  return (
    <Dialog open onOpenChange={(open) => open || close()} title={opened.name} shape="drawer-right">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        <div className="flex flex-wrap gap-2">
          <Button asChild size="small">
            <PageLink to="/requests" search={{ key: opened.id }}>
              {t('toRequests')}
            </PageLink>
          </Button>
          <Button asChild size="small">
            <PageLink to="/statistics" search={{ key: opened.id }}>
              {t('toStatistics')}
            </PageLink>
          </Button>
        </div>
        <Budgets owner={opened} keys={keys} />
        <Facts
          facts={[
            [t('hint'), <code key="hint">{opened.hint}</code>],
            [
              t('parent'),
              opened.parent_id && (
                <PageLink key="parent" to="/keys" search={{ key: opened.parent_id }} className="underline">
                  {parent?.name ?? opened.parent_id}
                </PageLink>
              ),
            ],
            [t('madeAt'), <Moment key="made" at={opened.created_at * 1000} />],
            [t('usedLast'), opened.last_used_at && <Moment key="used" at={opened.last_used_at * 1000} />],
            [t('revokedAt'), opened.revoked_at && <Moment key="revoked" at={opened.revoked_at * 1000} />],
            [t('id'), <code key="id">{opened.id}</code>],
          ]}
        />
        {!opened.revoked_at && (
          <div className="border-line border-t pt-4">
            <KeyForm
              start={opened}
              save={(body) => keyApi.change(opened.id, body)}
              refresh={[keysKey]}
              action={t('save')}
              close={close}
              onSaved={() => {
                toast.good(t('saved'));
                close();
              }}
            />
          </div>
        )}
      </div>
    </Dialog>
  );
}
