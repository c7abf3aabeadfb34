import { ArrowDown, ArrowUp, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Empty } from '@/components/states';
import { Badge } from '@/components/ui/badge';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { useFormats } from '@/lib/format';
import { Listed } from './listed';
import { type Rule, sharesOf } from './routing';
import { RuleDialog } from './rule-dialog';

/** What follows once the gateway has taken it; where it has not, what was written is still there. */
export interface AfterSaving {
  undo?(): void;
  done?(): void;
}

interface RuleListProps {
  rules: readonly Rule[];
  write: boolean;
  busy: boolean;
  save(rules: readonly Rule[], words: string, after?: AfterSaving): void;
}

const empty: Rule = { match: '', targets: [{ model: '', weight: 1 }], fallbacks: [], protocols: [], keys: [] };

export function RuleList({ rules, write, busy, save }: RuleListProps) {
  const { t } = useTranslation('models');
  const [edited, setEdited] = useState<number>();
  const put = (place: number, rule: Rule) => {
    const next = [...rules];
    next[place] = rule;
    save(next, t('ruleSaved', { name: rule.match }), { done: () => setEdited(undefined) });
  };
  const remove = (place: number) => {
    const next = rules.filter((_, at) => at !== place);
    save(next, t('removed', { name: rules[place]?.match }), { undo: () => save(rules, t('undone')) });
  };
  const swap = (place: number, other: number) => {
    const next = [...rules];
    const [one, two] = [next[place], next[other]];
    if (!one || !two) return;
    next[place] = two;
    next[other] = one;
    save(next, t('orderSaved'));
  };
  return (
    <Card
      title={t('rules')}
      aside={
        write && (
          <Button size="small" onClick={() => setEdited(rules.length)}>
            <Plus aria-hidden />
            {t('addRule')}
          </Button>
        )
      }
      bodyClassName="p-0"
    >
      <p className="border-line border-b px-4 py-2 text-ink-soft text-xs">{t('rules.text')}</p>
      {rules.length ? (
        <ol className="divide-y divide-line">
          {rules.map((rule, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two rules may be for the same name
            <li key={place} className="flex flex-wrap items-start gap-x-3 gap-y-1 px-4 py-2.5">
              <div className="min-w-0 flex-1 basis-56">
                <Line rule={rule} />
              </div>
              {write && (
                <div className="flex gap-0.5">
                  <Button
                    look="quiet"
                    size="small-icon"
                    aria-label={t('upOf', { name: rule.match })}
                    disabled={busy || place === 0}
                    onClick={() => swap(place, place - 1)}
                  >
                    <ArrowUp aria-hidden />
                  </Button>
                  <Button
                    look="quiet"
                    size="small-icon"
                    aria-label={t('downOf', { name: rule.match })}
                    disabled={busy || place === rules.length - 1}
                    onClick={() => swap(place, place + 1)}
                  >
                    <ArrowDown aria-hidden />
                  </Button>
                  <Button
                    look="quiet"
                    size="small-icon"
                    aria-label={t('editOf', { name: rule.match })}
                    onClick={() => setEdited(place)}
                  >
                    <Pencil aria-hidden />
                  </Button>
                  <Button
                    look="quiet"
                    size="small-icon"
                    aria-label={t('removeOf', { name: rule.match })}
                    disabled={busy}
                    onClick={() => remove(place)}
                  >
                    <Trash2 aria-hidden />
                  </Button>
                </div>
              )}
            </li>
          ))}
        </ol>
      ) : (
        <Empty title={t('noRules')} text={t('noRulesText')} />
      )}
      {edited !== undefined && (
        <RuleDialog
          key={edited}
          rule={rules[edited] ?? empty}
          busy={busy}
          close={() => setEdited(undefined)}
          save={(rule) => put(edited, rule)}
        />
      )}
    </Card>
  );
}

function Line({ rule }: { rule: Rule }) {
  const { t } = useTranslation('models');
  const formats = useFormats();
  const shares = sharesOf(rule.targets);
  return (
    <>
      <p className="break-words font-medium font-mono text-xs leading-5">{rule.match}</p>
      <p className="break-words text-ink-soft text-xs leading-5">
        <span aria-hidden>→ </span>
        {rule.targets.map((target, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the targets of a rule that is only shown
          <span key={place}>
            {place > 0 && ', '}
            <span className="font-mono text-ink">{target.model}</span>
            <Listed model={target.model} />
            {rule.targets.length > 1 && <span className="numbers"> {formats.percent(shares[place] ?? 0)}</span>}
          </span>
        ))}
        {rule.fallbacks.length > 0 && <span> · {t('then', { models: rule.fallbacks.join(', ') })}</span>}
      </p>
      {rule.protocols.length + rule.keys.length > 0 && (
        <p className="mt-0.5 flex flex-wrap gap-1">
          {[...rule.protocols, ...rule.keys].map((each) => (
            <Badge key={each}>{each}</Badge>
          ))}
        </p>
      )}
    </>
  );
}
