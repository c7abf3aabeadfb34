import type { FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { callKey } from '@/client/control';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Field } from '@/components/ui/field';
import { Select, Textarea } from '@/components/ui/input';
import { lines } from '@/lib/lines';
import { useAction } from '@/lib/use-action';
import { useKept } from '@/lib/use-kept';
import { type Access, accessChange, accessOf, directPolicies, groupPolicies } from './access';
import { patchOf } from './blocks';
import { statusKey } from './data';

interface AccessFormProps {
  config: Record<string, unknown>;
  channel: string;
  account: string;
}

/** Who may write to an account, directly and in groups. */
export function AccessForm({ config, channel, account }: AccessFormProps) {
  const { t } = useTranslation('channels');
  const before = accessOf(config, channel, account);
  const [direct, setDirect] = useKept(before.dmPolicy);
  const [people, setPeople] = useKept(before.allowFrom.join('\n'));
  const [inGroups, setInGroups] = useKept(before.groupPolicy);
  const [groups, setGroups] = useKept(before.groups.join('\n'));
  const save = useAction(
    (wanted: Access) => patchConfig((now) => patchOf(now, channel, account, accessChange(before, wanted))),
    { refresh: [statusKey, callKey('config.get')], done: () => t('saved') },
  );
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (direct === 'open' && before.dmPolicy !== 'open') {
      const sure = await confirm({ title: t('open.title'), text: t('open.text'), action: t('open.do') });
      if (!sure) return;
    }
    save.mutate({ dmPolicy: direct, allowFrom: lines(people), groupPolicy: inGroups, groups: lines(groups) });
  };
  return (
    <form className="grid gap-4" onSubmit={(event) => void submit(event)}>
      <Field label={t('dmPolicy')} hint={t(`dmPolicy.${direct}.text`)}>
        <Select value={direct} onChange={(event) => setDirect(event.target.value as Access['dmPolicy'])}>
          {directPolicies.map((each) => (
            <option key={each} value={each}>
              {t(`dmPolicy.${each}`)}
            </option>
          ))}
        </Select>
      </Field>
      {direct !== 'disabled' && (
        <Field label={t('allowFrom')} hint={t('allowFrom.hint')}>
          <Textarea className="font-mono" rows={3} value={people} onChange={(event) => setPeople(event.target.value)} />
        </Field>
      )}
      <Field label={t('groupPolicy')} hint={t(`groupPolicy.${inGroups}.text`)}>
        <Select value={inGroups} onChange={(event) => setInGroups(event.target.value as Access['groupPolicy'])}>
          {groupPolicies.map((each) => (
            <option key={each} value={each}>
              {t(`groupPolicy.${each}`)}
            </option>
          ))}
        </Select>
      </Field>
      {inGroups === 'allowlist' && (
        <Field label={t('groups')} hint={t('groups.hint')}>
          <Textarea className="font-mono" rows={2} value={groups} onChange={(event) => setGroups(event.target.value)} />
        </Field>
      )}
      <div>
        <Button type="submit" look="primary" busy={save.isPending}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
}
