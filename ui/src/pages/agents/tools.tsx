import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { patchConfig } from '@/client/configuration';
import { callKey, useCall } from '@/client/control';
import { Loaded } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Card } from '@/components/ui/card';
import { Field } from '@/components/ui/field';
import { Select } from '@/components/ui/input';
import { Switch } from '@/components/ui/switch';
import { useAction } from '@/lib/use-action';
import { configKey } from './data';
import { type AgentEntry, entryOf, withEntry, withLists, withTool } from './entries';
import { Lists } from './tool-lists';

/** Which tools and skills an agent has. */
export function Tools({ id, config }: { id: string; config: Record<string, unknown> }) {
  const { t } = useTranslation('agents');
  const catalogue = useCall('tools.catalog', { agentId: id });
  const skills = useCall('skills.status', { agentId: id });
  const entry = entryOf(config, id);
  const denied = new Set(entry.tools?.deny ?? []);
  const change = useAction(
    (next: (now: AgentEntry) => Partial<AgentEntry>) =>
      patchConfig((now) => withEntry(now, id, next(entryOf(now, id)))),
    { refresh: [configKey, callKey('tools.catalog'), callKey('skills.status')], done: () => t('saved') },
  );
  const has = (name: string) => !entry.skills || entry.skills.includes(name);
  const setSkill = (name: string, on: boolean, all: readonly string[]) =>
    change.mutate((now) => {
      const chosen = new Set(now.skills ?? all);
      if (on) chosen.add(name);
      else chosen.delete(name);
      return { skills: all.every((each) => chosen.has(each)) ? undefined : [...chosen] };
    });
  return (
    <div className="grid items-start gap-4 xl:grid-cols-2">
      <Loaded query={catalogue}>
        {({ groups, profiles }) => (
          <Card title={t('tools.have')}>
            <Field label={t('profile')} hint={t('profile.hint')}>
              <Select
                value={entry.tools?.profile ?? ''}
                disabled={change.isPending}
                onChange={(event) => {
                  const profile = event.target.value || undefined;
                  change.mutate((now) => {
                    const { profile: _, ...rest } = now.tools ?? {};
                    return { tools: profile ? { ...rest, profile } : rest };
                  });
                }}
              >
                <option value="">{t('profile.none')}</option>
                {profiles.map((each) => (
                  <option key={each.id} value={each.id}>
                    {t(`profile.${each.id}`, { defaultValue: each.id })}
                  </option>
                ))}
              </Select>
            </Field>
            <Lists
              key={id}
              tools={entry.tools}
              known={groups}
              busy={change.isPending}
              save={(lists) => change.mutateAsync((now) => ({ tools: withLists(now.tools, lists) }))}
            />
            {groups.map((group) => (
              <section key={group.id} aria-label={group.label} className="mt-4">
                <h3 className="mb-1 font-medium text-ink-faint text-xs">{group.label}</h3>
                <ul className="divide-y divide-line">
                  {group.tools.map((tool) => (
                    <Choice
                      key={tool.id}
                      name={tool.label}
                      text={tool.description}
                      on={!denied.has(tool.id)}
                      busy={change.isPending}
                      set={(on) => change.mutate((now) => ({ tools: withTool(now.tools, tool.id, on) }))}
                    />
                  ))}
                </ul>
              </section>
            ))}
          </Card>
        )}
      </Loaded>
      <Loaded query={skills}>
        {({ skills: found }) => (
          <Card title={t('skills')}>
            <p className="mb-2 text-ink-soft text-sm">{t('skills.text')}</p>
            <ul className="divide-y divide-line">
              {found.map((skill) => (
                <Choice
                  key={skill.name}
                  name={`${skill.emoji ?? ''} ${skill.name}`.trim()}
                  text={skill.description}
                  note={skill.disabled ? t('skills.off') : skill.eligible || !has(skill.name) ? '' : t('skills.lacks')}
                  on={has(skill.name)}
                  busy={change.isPending}
                  set={(on) =>
                    setSkill(
                      skill.name,
                      on,
                      found.map((each) => each.name),
                    )
                  }
                />
              ))}
            </ul>
          </Card>
        )}
      </Loaded>
    </div>
  );
}

interface ChoiceProps {
  name: string;
  text: string;
  note?: string;
  on: boolean;
  busy: boolean;
  set(on: boolean): void;
}

function Choice({ name, text, note, on, busy, set }: ChoiceProps) {
  const id = useId();
  return (
    <li className="flex items-start gap-3 py-2">
      <div className="min-w-0 flex-1">
        <label htmlFor={id} className="flex flex-wrap items-center gap-2 font-medium text-sm">
          {name}
          {note && <Badge tone="warn">{note}</Badge>}
        </label>
        <p className="line-clamp-2 text-ink-soft text-xs">{text}</p>
      </div>
      <Switch id={id} checked={on} disabled={busy} onCheckedChange={set} />
    </li>
  );
}
