import type { QueryKey } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '@/client/session';
import { wordsOf } from '@/client/words';
import { LimitsField } from '@/components/limits-field';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input, Textarea } from '@/components/ui/input';
import { useAction } from '@/lib/use-action';
import type { Key } from './api';
import { ExpiryField } from './expiry-field';
import { draftOf, orderOf, permissionGroups, protocols, wrongIn } from './order';

interface KeyFormProps {
  start?: Key;
  save(body: Record<string, unknown>): Promise<Key>;
  refresh: readonly QueryKey[];
  action: string;
  close(): void;
  onSaved(key: Key): void;
}

/** What a key may use, and how much of it. */
export function KeyForm({ start, save: send, refresh, action, close, onSaved }: KeyFormProps) {
  const { t } = useTranslation('keys');
  const common = useTranslation('common').t;
  const held = useSession()?.principal.permissions ?? [];
  const [draft, setDraft] = useState(() => draftOf(start, held));
  const put = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  const toggled = (list: readonly string[], each: string, on: boolean) =>
    on ? [...list, each] : list.filter((other) => other !== each);
  const wrong = wrongIn(draft, start, Date.now());
  const save = useAction(() => send(orderOf(draft)), { refresh, silent: true, onDone: onSaved });
  return (
    <form
      noValidate
      className="grid grid-cols-[minmax(0,1fr)] gap-5 pb-4"
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <Field label={t('name')} required>
          <Input autoComplete="off" value={draft.name} onChange={(event) => put({ name: event.target.value })} />
        </Field>
        <Field label={t('owner')} hint={t('owner.hint')}>
          <Input autoComplete="off" value={draft.owner} onChange={(event) => put({ owner: event.target.value })} />
        </Field>
      </div>
      <LimitsField
        label={t('budgets')}
        hint={t('budgets.hint')}
        value={draft.budgets}
        onChange={(budgets) => put({ budgets })}
      />
      <ExpiryField value={draft.expiresAt} onChange={(expiresAt) => put({ expiresAt })} past={wrong.has('expiresAt')} />
      <Part
        title={t('restrictions')}
        open={Boolean(
          start && (start.models.length || start.providers.length || start.networks.length || start.protocols.length),
        )}
      >
        <div className="grid items-start gap-4 sm:grid-cols-2">
          <Field label={t('models')} hint={t('models.hint')}>
            <Lines value={draft.models} onChange={(models) => put({ models })} />
          </Field>
          <Field label={t('providers')} hint={t('providers.hint')}>
            <Lines value={draft.providers} onChange={(providers) => put({ providers })} />
          </Field>
          <Field label={t('networks')} hint={t('networks.hint')}>
            <Lines value={draft.networks} onChange={(networks) => put({ networks })} />
          </Field>
          <Checks
            legend={t('protocols')}
            hint={t('protocols.hint')}
            all={Object.entries(protocols)}
            chosen={draft.protocols}
            onChange={(each, on) => put({ protocols: toggled(draft.protocols, each, on) })}
          />
          <Field label={t('requestsPerMinute')} error={wrong.has('requestsPerMinute') && t('rateWrong')}>
            <Input
              type="number"
              min={1}
              value={draft.requestsPerMinute}
              onChange={(event) => put({ requestsPerMinute: event.target.value })}
            />
          </Field>
          <Field label={t('tokensPerMinute')} error={wrong.has('tokensPerMinute') && t('rateWrong')}>
            <Input
              type="number"
              min={1}
              value={draft.tokensPerMinute}
              onChange={(event) => put({ tokensPerMinute: event.target.value })}
            />
          </Field>
        </div>
      </Part>
      <Part title={t('permissions')}>
        <div className="grid items-start gap-4 sm:grid-cols-2">
          {permissionGroups.map(([group, permissions]) => (
            <Checks
              key={group}
              legend={t(`permissions.${group}`)}
              all={permissions
                .filter((each) => held.includes(each) || draft.permissions.includes(each))
                .map((each) => [each, t(`permission.${each}`)])}
              chosen={draft.permissions}
              onChange={(each, on) => put({ permissions: toggled(draft.permissions, each, on) })}
            />
          ))}
        </div>
      </Part>
      {save.isError && (
        <p role="alert" className="rounded-md bg-bad-wash px-3 py-2 text-sm">
          {wordsOf(save.error, common)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={close}>{t('cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending} disabled={wrong.size > 0}>
          {action}
        </Button>
      </div>
    </form>
  );
}

function Part({ title, open = false, children }: { title: string; open?: boolean; children: ReactNode }) {
  return (
    <details open={open} className="rounded-lg border border-line px-4 py-3">
      <summary className="font-medium text-sm">{title}</summary>
      <div className="mt-3">{children}</div>
    </details>
  );
}

/** The id and description that `Field` gives go through to the text area. */
function Lines({ value, onChange, ...props }: { value: string; onChange(value: string): void }) {
  return (
    <Textarea
      {...props}
      spellCheck={false}
      className="min-h-16 font-mono text-xs"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface ChecksProps {
  legend: string;
  hint?: string;
  all: readonly (readonly [string, string])[];
  chosen: readonly string[];
  onChange(each: string, on: boolean): void;
}

function Checks({ legend, hint, all, chosen, onChange }: ChecksProps) {
  const id = useId();
  if (!all.length) return null;
  return (
    <fieldset aria-describedby={hint ? id : undefined}>
      <legend className="mb-1 font-medium text-sm">{legend}</legend>
      {all.map(([each, name]) => (
        <label key={each} className="flex items-start gap-2 py-0.5 text-sm">
          <input
            type="checkbox"
            className="mt-0.5 accent-accent"
            checked={chosen.includes(each)}
            onChange={(event) => onChange(each, event.target.checked)}
          />
          {name}
        </label>
      ))}
      {hint && (
        <p id={id} className="text-ink-faint text-xs">
          {hint}
        </p>
      )}
    </fieldset>
  );
}
