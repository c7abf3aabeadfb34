import { Plus, X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { lines } from '@/lib/lines';
import type { Rule, Target } from './routing';

/** What clients may speak; the names are the protocols' own. */
export const clientProtocols: Readonly<Record<string, string>> = {
  'openai-chat': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  gemini: 'Gemini',
};

interface RuleDialogProps {
  rule: Rule;
  busy: boolean;
  close(): void;
  save(rule: Rule): void;
}

export function RuleDialog({ rule, busy, close, save }: RuleDialogProps) {
  const { t } = useTranslation('models');
  const id = useId();
  const [draft, setDraft] = useState(rule);
  const [fallbacks, setFallbacks] = useState(rule.fallbacks.join('\n'));
  const [keys, setKeys] = useState(rule.keys.join('\n'));
  const put = (change: Partial<Rule>) => setDraft((before) => ({ ...before, ...change }));
  const putTarget = (place: number, change: Partial<Target>) =>
    put({ targets: draft.targets.map((each, at) => (at === place ? { ...each, ...change } : each)) });
  const ready = draft.match.trim() && draft.targets.some((target) => target.model.trim());
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) save({ ...draft, fallbacks: lines(fallbacks), keys: lines(keys) });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => open || close()}
      title={rule.match ? t('editRule') : t('addRule')}
      footer={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button type="submit" form={id} look="primary" busy={busy} disabled={!ready}>
            {t('save')}
          </Button>
        </>
      }
    >
      <form id={id} onSubmit={submit} noValidate className="grid gap-4">
        <Field label={t('match')} hint={t('match.hint')} required>
          <Input
            autoComplete="off"
            spellCheck={false}
            className="font-mono"
            value={draft.match}
            onChange={(event) => put({ match: event.target.value })}
          />
        </Field>
        <fieldset className="grid gap-1.5">
          <legend className="mb-1 font-medium text-sm">{t('targets')}</legend>
          {draft.targets.map((target, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: an entry has nothing else that is its own
            <div key={place} className="flex items-center gap-2">
              <Input
                list="model-names"
                autoComplete="off"
                aria-label={t('target')}
                className="font-mono"
                value={target.model}
                onChange={(event) => putTarget(place, { model: event.target.value })}
              />
              <Input
                type="number"
                min={0}
                step="any"
                aria-label={t('weight')}
                title={t('weight')}
                className="numbers w-20 shrink-0"
                value={target.weight}
                onChange={(event) => putTarget(place, { weight: Math.max(0, Number(event.target.value) || 0) })}
              />
              <Button
                look="quiet"
                size="small-icon"
                aria-label={t('removeOf', { name: target.model })}
                disabled={draft.targets.length === 1}
                onClick={() => put({ targets: draft.targets.filter((_, at) => at !== place) })}
              >
                <X aria-hidden />
              </Button>
            </div>
          ))}
          <div>
            <Button size="small" onClick={() => put({ targets: [...draft.targets, { model: '', weight: 1 }] })}>
              <Plus aria-hidden />
              {t('addTarget')}
            </Button>
          </div>
          <p className="text-ink-faint text-xs">{t('targets.hint')}</p>
        </fieldset>
        <Field label={t('fallbacks')} hint={t('fallbacks.hint')}>
          <Lines value={fallbacks} onChange={setFallbacks} />
        </Field>
        <fieldset>
          <legend className="mb-1 font-medium text-sm">{t('onlyFor')}</legend>
          <div className="grid sm:grid-cols-2">
            {Object.entries(clientProtocols).map(([protocol, name]) => (
              <label key={protocol} className="flex items-start gap-2 py-0.5 text-sm">
                <input
                  type="checkbox"
                  className="mt-0.5 accent-accent"
                  checked={draft.protocols.includes(protocol)}
                  onChange={(event) =>
                    put({
                      protocols: event.target.checked
                        ? [...draft.protocols, protocol]
                        : draft.protocols.filter((each) => each !== protocol),
                    })
                  }
                />
                {name}
              </label>
            ))}
          </div>
        </fieldset>
        <Field label={t('keys')} hint={t('keys.hint')}>
          <Lines value={keys} onChange={setKeys} />
        </Field>
      </form>
    </Dialog>
  );
}

function Lines({ value, onChange, ...props }: { value: string; onChange(value: string): void }) {
  return (
    <Textarea
      {...props}
      spellCheck={false}
      className="min-h-14 font-mono text-xs"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
