import { Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useCall } from '@/client/control';
import { Loaded } from '@/components/states';
import { Ago } from '@/components/time';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { confirm } from '@/components/ui/confirm';
import { Field } from '@/components/ui/field';
import { Input, Select } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { shownArgument } from './argument';
import { type AllowEntry, type ApprovalFile, type ApprovalRules, rulesKey } from './data';

const everybody = '*';
type File = ApprovalFile['file'];

/** What may run unasked: the rules, the list for every agent, and what was allowed for good. */
export function AllowLists() {
  const { t } = useTranslation('devices');
  const query = useCall('exec.approvals.get', {});
  return (
    <Card title={t('rules')}>
      <Loaded query={query}>{(found) => <Rules found={found} />}</Loaded>
    </Card>
  );
}

function Rules({ found }: { found: ApprovalFile }) {
  const { t } = useTranslation('devices');
  const [program, setProgram] = useState('');
  const save = useAction<File>((file) => control.call('exec.approvals.set', { file, baseHash: found.hash }), {
    refresh: [rulesKey],
    overShown: true,
    done: () => t('saved'),
  });
  const { file } = found;
  const change = async (part: Partial<ApprovalRules>) => {
    const sure =
      part.security !== 'full' ||
      (await confirm({ title: t('full.title'), text: t('full.text'), action: t('full.do') }));
    if (sure) save.mutate({ ...file, defaults: { ...file.defaults, ...part } });
  };
  const list = (agent: string): AllowEntry[] => file.agents[agent]?.allowlist ?? [];
  const withList = (agent: string, allowlist: AllowEntry[]): File => ({
    ...file,
    agents: { ...file.agents, [agent]: { ...file.agents[agent], allowlist } },
  });
  const agents = Object.keys(file.agents).filter((agent) => list(agent).length);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="grid gap-4 sm:grid-cols-3">
        <Choice
          name="security"
          values={['deny', 'allowlist', 'full']}
          value={file.defaults.security}
          disabled={save.isPending}
          onChange={(security) => void change({ security })}
        />
        <Choice
          name="ask"
          values={['off', 'on-miss', 'always']}
          value={file.defaults.ask}
          disabled={save.isPending}
          onChange={(ask) => void change({ ask })}
        />
        <Choice
          name="askFallback"
          values={['deny', 'allowlist']}
          value={file.defaults.askFallback}
          disabled={save.isPending}
          onChange={(askFallback) => void change({ askFallback })}
        />
      </div>
      {agents.length === 0 && <p className="text-ink-faint text-sm">{t('emptyList')}</p>}
      {agents.map((agent) => (
        <section key={agent} className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
          <h3 className="font-medium text-sm">{agent === everybody ? t('forAll') : t('forAgent', { agent })}</h3>
          <ul className="divide-y divide-line rounded-lg border border-line">
            {list(agent).map((entry) => {
              const text = entry.commandText ?? entry.pattern;
              return (
                <li key={entry.id ?? text} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
                  <code className="min-w-0 flex-1 basis-40 break-all font-mono text-xs">{shownWords(text)}</code>
                  {entry.source && <Badge>{t('answered')}</Badge>}
                  {entry.lastUsedAt && (
                    <span className="text-ink-faint text-xs">
                      {t('lastUsed')} <Ago at={entry.lastUsedAt} />
                    </span>
                  )}
                  <Button
                    look="quiet"
                    size="small-icon"
                    disabled={save.isPending}
                    aria-label={t('takeBack', { name: text })}
                    onClick={() =>
                      save.mutate(
                        withList(
                          agent,
                          list(agent).filter((each) => each !== entry),
                        ),
                      )
                    }
                  >
                    <Trash2 aria-hidden />
                  </Button>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          const pattern = program.trim();
          if (!pattern) return;
          // What was typed meanwhile stays.
          const onSuccess = () => setProgram((now) => (now.trim() === pattern ? '' : now));
          save.mutate(withList(everybody, [...list(everybody), { pattern }]), { onSuccess });
        }}
      >
        <Field label={t('addProgram')} hint={t('addProgramHint')} className="min-w-0 max-w-md flex-1 basis-52">
          <Input
            className="font-mono"
            spellCheck={false}
            autoComplete="off"
            value={program}
            onChange={(event) => setProgram(event.target.value)}
          />
        </Field>
        <Button type="submit" className="mb-5" busy={save.isPending} disabled={!program.trim()}>
          <Plus aria-hidden />
          {t('add')}
        </Button>
      </form>
    </div>
  );
}

const shownWords = (text: string): string => text.split(' ').map(shownArgument).join(' ');

function Choice<Value extends string>({
  name,
  values,
  value,
  disabled,
  onChange,
}: {
  name: 'security' | 'ask' | 'askFallback';
  values: readonly Value[];
  value: Value;
  disabled: boolean;
  onChange(value: Value): void;
}) {
  const { t } = useTranslation('devices');
  return (
    <Field label={t(`rule.${name}`)}>
      <Select value={value} disabled={disabled} onChange={(event) => onChange(event.target.value as Value)}>
        {values.map((each) => (
          <option key={each} value={each}>
            {t(`rule.${name}.${each}`)}
          </option>
        ))}
      </Select>
    </Field>
  );
}
