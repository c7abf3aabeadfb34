import { useTranslation } from 'react-i18next';
import { Badge } from '@/components/ui/badge';

/** What somebody may do, in words; the name of each scope beside the pointer. */
export function Scopes({ scopes }: { scopes: readonly string[] }) {
  const { t } = useTranslation('devices');
  if (!scopes.length) return null;
  return (
    <ul aria-label={t('scopes')} className="flex flex-wrap gap-1">
      {scopes.map((scope) => (
        <li key={scope} title={scope}>
          <Badge tone={scope === 'operator.admin' ? 'warn' : 'accent'}>
            {t(`scope.${scope}`, { defaultValue: scope })}
          </Badge>
        </li>
      ))}
    </ul>
  );
}
