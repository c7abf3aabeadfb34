import { useTranslation } from 'react-i18next';
import { Loaded, Skeleton } from '@/components/states';
import { toast } from '@/components/ui/toasts';
import { useAction } from '@/lib/use-action';
import { Aliases } from './aliases';
import { everything, patchConfig, useModelNames, useRouting } from './api';
import { MappingTester } from './mapping-tester';
import { type Routing, type Rule, written } from './routing';
import { type AfterSaving, RuleList } from './rule-list';

/** Where names lead: rules, aliases, and a try. */
export function NamesAndRules({ write }: { write: boolean }) {
  const { query, routing } = useRouting();
  return (
    <Loaded query={query} skeleton={<Skeleton lines={10} />}>
      {() => routing && <Shown routing={routing} write={write} />}
    </Loaded>
  );
}

function Shown({ routing, write }: { routing: Routing; write: boolean }) {
  const { t } = useTranslation('models');
  const names = useModelNames().data?.map((model) => model.id) ?? [];
  const change = useAction((patch: Record<string, unknown>) => patchConfig({ models: patch }, routing.hash), {
    refresh: everything,
    overShown: true,
  });
  const saveRules = (rules: readonly Rule[], words: string, { undo, done }: AfterSaving = {}) =>
    change.mutate(
      { rules: rules.map(written) },
      {
        onSuccess: () => {
          toast.good(words, undo && { action: { label: t('undo'), run: undo } });
          done?.();
        },
      },
    );
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1.5fr)_minmax(0,1fr)]">
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <RuleList rules={routing.rules} write={write} busy={change.isPending} save={saveRules} />
        <Aliases
          aliases={routing.aliases}
          fallback={routing.fallback}
          write={write}
          busy={change.isPending}
          save={(patch, words, done) =>
            change.mutate(patch, {
              onSuccess: () => {
                toast.good(words);
                done?.();
              },
            })
          }
        />
      </div>
      <MappingTester />
      <datalist id="model-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </div>
  );
}
