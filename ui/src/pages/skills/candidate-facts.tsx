import { TriangleAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Facts } from '@/components/facts';
import { useFormats } from '@/lib/format';
import type { Candidate } from './api';

/** What a skill would have, for somebody who has to decide. */
export function CandidateFacts({ found }: { found: Candidate }) {
  const { t } = useTranslation('skills');
  const formats = useFormats();
  const has = found.permissions;
  const list = (values: readonly string[]) => values.join(', ');
  return (
    <>
      <div>
        <p className="font-semibold">{found.name}</p>
        <p className="break-words text-ink-soft text-sm">{found.description}</p>
      </div>
      {has.warnings.length > 0 && (
        <ul aria-label={t('warnings')} className="grid gap-1 rounded-md bg-warn-wash px-3 py-2 text-sm">
          {has.warnings.map((each) => (
            <li key={each} className="flex gap-2">
              <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warn" />
              <span className="min-w-0 break-words">{each}</span>
            </li>
          ))}
        </ul>
      )}
      <Facts
        facts={[
          [t('version'), found.version],
          [t('vouchedBy'), found.vouchedBy],
          [
            t('add.hash'),
            <code key="hash" className="break-all text-xs">
              {found.sha256}
            </code>,
          ],
          [t('has.files'), t('has.filesValue', { count: has.files, size: formats.bytes(has.bytes) })],
          [t('has.scripts'), list(has.scripts)],
          [t('has.hosts'), list(has.hosts)],
          [t('needs.bins'), list(has.binaries)],
          [t('needs.env'), list(has.variables)],
          [t('needs.config'), list(has.config)],
          [t('has.installers'), list(has.installers)],
          [t('has.command'), has.commandTool && t('yes')],
        ]}
      />
      <p className="text-ink-soft text-sm">{t('add.read')}</p>
    </>
  );
}
