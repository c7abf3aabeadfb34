import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import { wordsOf } from '@/client/words';
import { confirm } from '@/components/ui/confirm';
import { toast } from '@/components/ui/toasts';
import { remove, restore, useAgent, workspaceKey } from './api';
import { nameOf } from './paths';

/** Asks, puts something into the trash, and offers to bring it back. */
export function useRemove(): (paths: readonly string[], withFolders: boolean) => Promise<void> {
  const { t } = useTranslation('files');
  const agent = useAgent();
  const queries = useQueryClient();
  const setSearch = useSetSearch();
  const attempt = async (run: () => Promise<void>) => {
    try {
      await run();
    } catch (error) {
      toast.bad(wordsOf(error, t));
    }
    await queries.invalidateQueries({ queryKey: workspaceKey });
  };
  return async (paths, withFolders) => {
    const [path = ''] = paths;
    const many = paths.length > 1;
    const name = many ? t('chosen', { count: paths.length }) : nameOf(path);
    const sure = await confirm({
      title: many ? t('delete.many', { count: paths.length }) : t('delete.title', { name }),
      text: withFolders ? t('delete.folderText') : t('delete.text'),
      action: t('delete.do'),
    });
    if (!sure) return;
    await attempt(async () => {
      const ids = await remove(agent, [...paths]);
      setSearch({ file: undefined });
      const run = () => void attempt(() => restore(agent, ids));
      toast.good(t('deleted', { name }), { action: { label: t('undo'), run } });
    });
  };
}
