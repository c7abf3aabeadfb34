import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/input';
import type { ToolGroup } from './data';
import { type AgentEntry, namesOf, rebased, type ToolLists, toolLists } from './entries';

interface ListsProps {
  tools: AgentEntry['tools'];
  known: readonly ToolGroup[];
  busy: boolean;
  /** Raises where they could not be saved. */
  save(lists: ToolLists): Promise<unknown>;
}

const kept = (tools: AgentEntry['tools']): ToolLists => ({
  allow: tools?.allow ?? [],
  alsoAllow: tools?.alsoAllow ?? [],
  deny: tools?.deny ?? [],
});

const each = <Of, To>(lists: Record<keyof ToolLists, Of>, make: (list: Of, name: keyof ToolLists) => To) => ({
  allow: make(lists.allow, 'allow'),
  alsoAllow: make(lists.alsoAllow, 'alsoAllow'),
  deny: make(lists.deny, 'deny'),
});

const same = (one: ToolLists, other: ToolLists): boolean => JSON.stringify(one) === JSON.stringify(other);

/** The lists behind the switches: names, groups (`group:fs`) and patterns (`browser*`), which no switch stands for. */
export function Lists({ tools, known, busy, save }: ListsProps) {
  const { t } = useTranslation('agents');
  const stored = kept(tools);
  const [texts, setTexts] = useState(() => each(stored, (list) => list.join('\n')));
  /** What the texts began from: what was there, or what is being saved. */
  const [base, setBase] = useState(stored);
  const [seen, setSeen] = useState(stored);
  if (!same(seen, stored)) {
    setSeen(stored);
    setBase(stored);
    setTexts(each(texts, (text, name) => rebased(text, base[name], stored[name])));
  }
  const lists = each(texts, namesOf);
  const changed = !same(lists, stored);
  const names = new Set(known.flatMap((group) => group.tools.map((tool) => tool.id)));
  const strange = toolLists
    .flatMap((name) => lists[name])
    .filter((name) => !names.has(name) && !name.includes('*') && !name.startsWith('group:'));
  return (
    <details className="mt-4 text-sm" open={toolLists.some((name) => lists[name].length > 0)}>
      <summary className="font-medium">{t('lists')}</summary>
      <form
        className="mt-3 grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          setBase(lists);
          save(lists).catch(() => setBase(stored));
        }}
      >
        <p className="text-ink-soft">{t('lists.text')}</p>
        <div className="grid gap-3 sm:grid-cols-3">
          {toolLists.map((name) => (
            <Field key={name} label={t(`lists.${name}`)} hint={t(`lists.${name}.hint`)}>
              <Textarea
                rows={3}
                spellCheck={false}
                className="font-mono text-xs"
                value={texts[name]}
                onChange={(event) => setTexts((before) => ({ ...before, [name]: event.target.value }))}
              />
            </Field>
          ))}
        </div>
        {strange.length > 0 && (
          <p role="status" className="text-warn">
            {t('lists.strange', { names: strange.join(', ') })}
          </p>
        )}
        <div>
          <Button type="submit" size="small" busy={busy} disabled={!changed}>
            {t('lists.save')}
          </Button>
        </div>
      </form>
    </details>
  );
}
