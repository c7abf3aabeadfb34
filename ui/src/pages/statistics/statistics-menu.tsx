import { EllipsisVertical, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuItem } from '@/components/ui/menu';
import { useAction } from '@/lib/use-action';
import { clearStatistics, statisticsKey } from './api';

export function StatisticsMenu() {
  const { t } = useTranslation('statistics');
  const clear = useAction(clearStatistics, { refresh: [statisticsKey], done: () => t('cleared') });
  const ask = async () => {
    const sure = await confirm({
      title: t('clear.title'),
      text: t('clear.text'),
      action: t('clear.do'),
    });
    if (sure) clear.mutate();
  };
  if (!usePermission('statistics.manage')) return null;
  return (
    <Menu
      trigger={
        <Button size="icon" aria-label={t('moreActions')}>
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      <MenuItem tone="bad" onSelect={() => void ask()}>
        <Trash2 aria-hidden />
        {t('clear')}
      </MenuItem>
    </Menu>
  );
}
