import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { useCall } from '@/client/control';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';

/** Which model an agent is asked with: one of those that there are, an alias, or any other name. */
export function ModelField({ value, onChange }: { value: string; onChange(model: string): void }) {
  const { t } = useTranslation('agents');
  const models = useCall('models.list', {}, { staleTime: 60_000 });
  const id = useId();
  const names = models.data?.models
    .filter((each) => each.provider !== 'openclaw')
    .flatMap((each) => [`${each.provider}/${each.id}`, each.id]);
  const strange = Boolean(value && names && !names.includes(value.trim()));
  return (
    <div>
      <Field label={t('model')} hint={strange ? t('model.unknown') : t('model.hint')}>
        <Input
          list={id}
          autoComplete="off"
          placeholder={t('modelOfDefaults')}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </Field>
      <datalist id={id}>
        {models.data?.models
          .filter((each) => each.provider !== 'openclaw')
          .map((each) => (
            <option key={`${each.provider}/${each.id}`} value={`${each.provider}/${each.id}`} />
          ))}
      </datalist>
    </div>
  );
}
