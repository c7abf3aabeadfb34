import { EllipsisVertical, FileJson, FileSpreadsheet, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { usePermission } from '@/client/session';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '@/components/ui/menu';
import { useAction } from '@/lib/use-action';
import { exportAddress, logApi, logsKey, useMonitoring } from './api';
import type { Filters } from './filters';

/** What concerns the log as a whole. */
export function LogMenu({ filters }: { filters: Filters }) {
  const { t } = useTranslation('requests');
  const manage = usePermission('logs.manage');
  const monitoring = useMonitoring().data?.monitoring;
  const keep = useAction(logApi.keepBodies, {
    refresh: [[...logsKey, 'monitoring']],
    done: (_, on) => (on ? t('bodies.nowKept') : t('bodies.notKept')),
  });
  const clear = useAction(logApi.clear, { refresh: [logsKey], done: () => t('cleared') });
  const askToClear = async () => {
    const sure = await confirm({ title: t('clear.title'), text: t('clear.text'), action: t('clear.do') });
    if (sure) clear.mutate();
  };
  const download = (format: 'csv' | 'json') => {
    const link = document.createElement('a');
    link.href = exportAddress(filters, format);
    link.download = '';
    link.click();
  };
  return (
    <Menu
      trigger={
        <Button size="icon" aria-label={t('moreActions')}>
          <EllipsisVertical aria-hidden />
        </Button>
      }
    >
      <MenuLabel>{t('exportFound')}</MenuLabel>
      <MenuItem onSelect={() => download('csv')}>
        <FileSpreadsheet aria-hidden />
        {t('export.csv')}
      </MenuItem>
      <MenuItem onSelect={() => download('json')}>
        <FileJson aria-hidden />
        {t('export.json')}
      </MenuItem>
      {manage && (
        <>
          <MenuLine />
          <MenuChoice chosen={monitoring ?? false} onSelect={() => keep.mutate(!monitoring)}>
            {t('bodies.keep')}
          </MenuChoice>
          <MenuItem tone="bad" onSelect={() => void askToClear()}>
            <Trash2 aria-hidden />
            {t('clear')}
          </MenuItem>
        </>
      )}
    </Menu>
  );
}
