import { Compass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Empty } from '@/components/states';
import { Button } from '@/components/ui/button';
import { PageLink } from './links';

export function NotFound() {
  const { t } = useTranslation('common');
  return (
    <Empty
      icon={Compass}
      title={t('noSuchPage')}
      action={
        <Button asChild look="primary">
          <PageLink to="/">{t('toOverview')}</PageLink>
        </Button>
      }
    />
  );
}
