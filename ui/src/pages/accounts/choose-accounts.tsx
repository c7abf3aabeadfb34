import { useTranslation } from 'react-i18next';
import type { Account } from './api';

interface ChooseAccountsProps {
  title: string;
  accounts: readonly Account[];
  chosen: ReadonlySet<string>;
  choose(ids: ReadonlySet<string>): void;
}

/** Accounts to be chosen from, one by one or all. */
export function ChooseAccounts({ title, accounts, chosen, choose }: ChooseAccountsProps) {
  const { t } = useTranslation('accounts');
  const set = (id: string, on: boolean) =>
    choose(new Set(on ? [...chosen, id] : [...chosen].filter((each) => each !== id)));
  return (
    <fieldset className="grid gap-1">
      <legend className="sr-only">{title}</legend>
      <label className="flex items-center gap-2 border-line border-b pb-2 text-sm">
        <input
          type="checkbox"
          className="accent-accent"
          checked={accounts.length > 0 && chosen.size === accounts.length}
          onChange={(event) => choose(new Set(event.target.checked ? accounts.map((each) => each.id) : []))}
        />
        {t('exportSome.all')}
      </label>
      <div className="grid max-h-72 gap-1 overflow-y-auto py-1">
        {accounts.map((each) => (
          <label key={each.id} className="flex min-w-0 items-center gap-2 text-sm">
            <input
              type="checkbox"
              className="accent-accent"
              checked={chosen.has(each.id)}
              onChange={(event) => set(each.id, event.target.checked)}
            />
            <span className="min-w-0 flex-1 truncate">{each.name || each.email}</span>
            <span className="text-ink-faint text-xs">{each.provider}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
