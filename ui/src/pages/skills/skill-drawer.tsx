import { Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { control, useMethod } from '@/client/control';
import { Facts } from '@/components/facts';
import { safeAddress } from '@/components/markdown';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { confirm } from '@/components/ui/confirm';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import { type Needs, type Skill, skillsKey, useMayChange } from './api';

const kinds = ['bins', 'anyBins', 'env', 'config', 'os'] as const satisfies readonly (keyof Needs)[];

/** One skill: what it needs and lacks, its secrets, and the way to be rid of it. */
export function SkillDrawer({ skill, close }: { skill: Skill; close(): void }) {
  const { t } = useTranslation('skills');
  const may = useMayChange();
  const canRemove = useMethod('skills.remove') && may && skill.source === 'managed';
  const remove = useAction(() => control.call('skills.remove', { name: skill.name }), {
    refresh: [skillsKey],
    done: () => t('removed', { name: skill.name }),
    onDone: close,
  });
  const ask = async () => {
    const title = t('removeSkill.title', { name: skill.name });
    if (await confirm({ title, text: t('removeSkill.text'), action: t('remove') })) remove.mutate();
  };
  const homepage = skill.homepage && safeAddress(skill.homepage);
  const needs = kinds.filter((kind) => skill.requirements[kind].length);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={`${skill.emoji ?? ''} ${skill.name}`.trim()}
      description={skill.description}
      shape="drawer-right"
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-6">
        <Facts
          facts={[
            [t('source'), t(`source.${skill.source}`, { defaultValue: skill.source })],
            [
              t('file'),
              <code key="file" className="break-all text-xs">
                {skill.filePath}
              </code>,
            ],
            [
              t('homepage'),
              homepage && (
                <a
                  key="home"
                  href={homepage}
                  target="_blank"
                  rel="noreferrer"
                  className="break-all text-accent underline"
                >
                  {homepage}
                </a>
              ),
            ],
          ]}
        />
        {needs.length > 0 && (
          <section className="grid gap-2">
            <h3 className="font-semibold text-sm">{t('needs')}</h3>
            {needs.map((kind) => (
              <div key={kind} className="flex flex-wrap items-center gap-1.5 text-sm">
                <span className="text-ink-soft">{t(`needs.${kind}`)}</span>
                {skill.requirements[kind].map((each) => (
                  <Badge key={each} tone={skill.missing[kind].includes(each) ? 'warn' : 'neutral'}>
                    {skill.missing[kind].includes(each) ? t('missing', { name: each }) : each}
                  </Badge>
                ))}
              </div>
            ))}
          </section>
        )}
        {may && <Secrets skill={skill} />}
        {canRemove && (
          <div>
            <Button size="small" busy={remove.isPending} onClick={() => void ask()}>
              <Trash2 aria-hidden />
              {t('remove')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

/** Variables that the skill asks for. What is set is not shown again. */
function Secrets({ skill }: { skill: Skill }) {
  const { t } = useTranslation('skills');
  const [given, setGiven] = useState<Record<string, string>>({});
  const names = [...new Set([...(skill.primaryEnv ? [skill.primaryEnv] : []), ...skill.requirements.env])];
  const filled = Object.entries(given).filter(([, value]) => value.trim());
  const save = useAction(
    () => {
      const { [skill.primaryEnv ?? '']: apiKey, ...env } = Object.fromEntries(filled);
      return control.call('skills.update', { skillKey: skill.skillKey, ...(apiKey ? { apiKey } : {}), env });
    },
    { refresh: [skillsKey], done: () => t('saved'), onDone: () => setGiven({}) },
  );
  if (!names.length) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="grid gap-3 border-line border-t pt-4" onSubmit={submit}>
      <h3 className="font-semibold text-sm">{t('secrets')}</h3>
      {names.map((name) => (
        <Field key={name} label={name}>
          <Input
            type="password"
            autoComplete="off"
            placeholder={skill.missing.env.includes(name) ? t('secrets.unset') : t('form.secretKept')}
            value={given[name] ?? ''}
            onChange={(event) => setGiven({ ...given, [name]: event.target.value })}
          />
        </Field>
      ))}
      <div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={!filled.length}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
}
