import { Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { Empty, Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { useFormats } from '@/lib/format';
import { useAction } from '@/lib/use-action';
import { type Discarded, restore, useAgent, useTrash, workspaceKey } from './api';

const refresh = [workspaceKey];

/** What was deleted, for the thirty days that it is kept. */
export function Trash() {
  const { t } = useTranslation('files');
  const formats = useFormats();
  const agent = useAgent();
  const query = useTrash();
  const back = useAction((item: Discarded) => restore(agent, [item.id]), {
    refresh,
    done: (_, item) => t('restored', { name: item.path }),
  });
  const empty = useAction(() => rest.post('/api/workspace/trash/empty', { query: { agent }, body: {} }), {
    refresh,
    done: () => t('emptied'),
  });
  const ask = async () => {
    const sure = await confirm({ title: t('emptyTrash.title'), text: t('emptyTrash.text'), action: t('emptyTrash') });
    if (sure) empty.mutate();
  };
  return (
    <Loaded query={query}>
      {(items) => (
        <Card
          title={t('trash.count', { count: items.length })}
          bodyClassName="p-0"
          aside={
            items.length > 0 && (
              <Button size="small" busy={empty.isPending} onClick={() => void ask()}>
                {t('emptyTrash')}
              </Button>
            )
          }
        >
          {items.length ? (
            <ul className="divide-y divide-line">
              {items.map((item) => (
                <li key={item.id} className="flex items-center gap-3 px-4 py-2 text-sm">
                  <div className="min-w-0 flex-1">
                    <p className="break-all font-medium">{item.path}</p>
                    <p className="text-ink-faint text-xs">
                      {item.isDirectory ? t('aFolder') : formats.bytes(item.size)} ·{' '}
                      <Ago at={Date.parse(item.deletedAt)} />
                    </p>
                  </div>
                  <Button
                    size="small"
                    aria-label={t('restoreOf', { name: item.path })}
                    disabled={back.isPending}
                    onClick={() => back.mutate(item)}
                  >
                    {t('restore')}
                  </Button>
                </li>
              ))}
            </ul>
          ) : (
            <Empty icon={Trash2} title={t('noTrash.title')} text={t('noTrash.text')} />
          )}
        </Card>
      )}
    </Loaded>
  );
}
