import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Badge } from '@/components/ui/badge';
import { mappingKey, modelApi } from './api';

/** Beside a model that a name leads to: whether the gateway would find it. */
export function Listed({ model }: { model: string }) {
  const { t } = useTranslation('models');
  const asked = useQuery({
    queryKey: [...mappingKey, model],
    queryFn: () => modelApi.explain(model, 'openai-chat'),
    staleTime: 60_000,
    enabled: model !== '' && !model.includes('*'),
  });
  if (!asked.data || asked.data.found) return null;
  return (
    <span title={asked.data.reason ?? undefined} className="ml-1.5 font-sans">
      <Badge tone="warn">{t('leadsNowhere')}</Badge>
    </span>
  );
}
