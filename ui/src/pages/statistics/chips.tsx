import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useSetSearch } from '@/app/links';
import type { Only } from './api';
import { useNames } from './names';

/** What the statistics are narrowed to. */
export function Chips({ only }: { only: Only }) {
  const { t } = useTranslation('statistics');
  const setSearch = useSetSearch();
  const names = useNames();
  const set = (['key', 'account', 'model'] as const).filter((name) => only[name]);
  if (!set.length) return null;
  return (
    <ul className="flex flex-wrap gap-2" aria-label={t('narrowed')}>
      {set.map((name) => {
        const shown = names(name, only[name] ?? '');
        return (
          <li key={name} className="flex items-center gap-1 rounded-full bg-accent-wash py-0.5 pr-1 pl-3 text-sm">
            <span className="text-ink-soft">{t(`dimension.${name}`)}</span>
            <span className="font-medium">{shown}</span>
            <button
              type="button"
              aria-label={t('unset', { name: shown })}
              onClick={() => setSearch({ [name]: undefined })}
              className="grid size-6 place-items-center rounded-full text-ink-faint hover:bg-sunken hover:text-ink"
            >
              <X aria-hidden className="size-3.5" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}
