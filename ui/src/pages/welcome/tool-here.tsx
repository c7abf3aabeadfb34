import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { rest } from '@/client/rest';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { useAction } from '@/lib/use-action';

interface Here {
  installed: boolean;
  version: string | null;
  is_synced: boolean;
  has_backup: boolean;
  paths: string[];
}

/** A tool that is on the gateway's own machine: pointed here by a button, and back again. Nothing where it is not there. */
export function ToolHere({ tool, label }: { tool: string; label: string }) {
  const { t } = useTranslation('welcome');
  const may = usePermission('system.manage');
  const key = ['rest', 'cli-status', tool] as const;
  const here = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => rest.post<Here>('/api/proxy/cli/status', { body: { app: tool }, signal }),
    enabled: may,
  });
  const write = useAction(() => rest.post('/api/proxy/cli/sync', { body: { app: tool } }), {
    refresh: [key],
    done: () => t('here.written', { tool: label }),
  });
  const restore = useAction(() => rest.post('/api/proxy/cli/restore', { body: { app: tool } }), {
    refresh: [key],
    done: () => t('here.restored', { tool: label }),
  });
  const found = here.data;
  if (!found?.installed) return null;
  const ask = async (what: 'write' | 'restore', run: () => void) => {
    const title = t(`here.${what}.title`, { tool: label });
    const text = t(`here.${what}.text`, { files: found.paths.join(', ') });
    if (await confirm({ title, text, action: t(`here.${what}`), tone: 'primary' })) run();
  };
  return (
    <div className="grid gap-2 rounded-lg border border-line p-3">
      <p className="text-sm">
        {t(found.is_synced ? 'here.synced' : 'here.found', { tool: [label, found.version].filter(Boolean).join(' ') })}
      </p>
      <div className="flex flex-wrap gap-2">
        {!found.is_synced && (
          <Button size="small" busy={write.isPending} onClick={() => void ask('write', write.mutate)}>
            {t('here.write')}
          </Button>
        )}
        {found.has_backup && (
          <Button size="small" busy={restore.isPending} onClick={() => void ask('restore', restore.mutate)}>
            {t('here.restore')}
          </Button>
        )}
      </div>
    </div>
  );
}
