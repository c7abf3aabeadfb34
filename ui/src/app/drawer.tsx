import { useTranslation } from 'react-i18next';
import { Dialog } from '@/components/ui/dialog';
import { Sidebar } from './sidebar';

/** The sidebar of narrow windows. */
export default function Drawer({ open, onOpenChange }: { open: boolean; onOpenChange(open: boolean): void }) {
  const { t } = useTranslation('common');
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t('navigation')} shape="drawer-left" hideTitle>
      <Sidebar />
    </Dialog>
  );
}
