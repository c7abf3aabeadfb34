import { Search } from 'lucide-react';
import { type RefObject, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PageLink, useSearchValues, useSetSearch } from '@/app/links';
import { CodeWords } from '@/components/code-words';
import { changed, type Hints, labelOf, problemsOf, type Schema, unparsedIn } from '@/components/schema-form/schema';
import { SchemaForm } from '@/components/schema-form/schema-form';
import { Empty } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { SearchField } from '@/components/ui/search-field';
import { cn } from '@/lib/cn';
import { patched, patchOf, saysAll } from '@/lib/json-patch';
import type { Snapshot } from './api';
import { found, schemaAt, valueAt } from './places';
import { ReviewDialog } from './review-dialog';

type Plain = Record<string, unknown>;

export interface FormDraft {
  base: Snapshot;
  draft: Plain;
}

interface FormProps {
  snapshot: Snapshot;
  schema: Schema;
  hints: Hints;
  readOnly: boolean;
  kept: RefObject<FormDraft | undefined>;
}

const textOf = (value: Plain): string => `${JSON.stringify(value, null, 2)}\n`;

/** The settings as fields, a section at a time. Nothing is written before it was looked through. */
export function SettingsForm({ snapshot, schema, hints, readOnly, kept }: FormProps) {
  const { t } = useTranslation('configuration');
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const [base, setBase] = useState(kept.current?.base ?? snapshot);
  const [draft, setDraft] = useState<Plain>(kept.current?.draft ?? snapshot.parsed);
  const [review, setReview] = useState(false);
  const [edition, setEdition] = useState(0);
  const patch = useMemo(() => patchOf(base.parsed, draft), [base, draft]);
  const dirty = Object.keys(patch).length > 0;

  useEffect(() => {
    kept.current = { base, draft };
  }, [kept, base, draft]);

  // What somebody else has changed comes in below what is changed here.
  useEffect(() => {
    if (snapshot.hash === base.hash) return;
    setBase(snapshot);
    setDraft(patched(snapshot.parsed, patch));
    if (!dirty) setEdition((before) => before + 1);
  }, [snapshot, base.hash, patch, dirty]);

  const sections = useMemo(
    () =>
      Object.keys(schema.properties ?? {})
        .map((id) => ({ id, label: hints[id]?.label ?? labelOf(id) }))
        .sort((a, b) => (hints[a.id]?.order ?? 1e6) - (hints[b.id]?.order ?? 1e6)),
    [schema, hints],
  );
  const at = values.at && schemaAt(schema, values.at.split('.')) ? values.at : (sections[0]?.id ?? '');
  const path = at.split('.');
  const section = path[0] ?? '';
  const search = useDeferredValue(values.q ?? '');
  const hits = useMemo(() => found(hints, search), [hints, search]);
  const shown = useMemo(() => schemaAt(schema, at.split('.')), [schema, at]);
  const problems = useMemo(() => problemsOf(schema, draft), [schema, draft]);
  const unparsed = unparsedIn(problems);
  const help = hints[at]?.help;
  const open = (place: string) => setSearch({ at: place, q: undefined });

  return (
    <div className="grid items-start gap-4 lg:grid-cols-[14rem_minmax(0,1fr)]">
      <div className="grid gap-3 lg:sticky lg:top-4">
        <SearchField label={t('search')} placeholder={t('find')} value={values.q} onValue={(q) => setSearch({ q })} />
        <Select
          aria-label={t('section')}
          className="lg:hidden"
          value={section}
          onChange={(event) => open(event.target.value)}
        >
          {sections.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
        <nav aria-label={t('sections')} className="hidden gap-0.5 lg:grid">
          {sections.map(({ id, label }) => (
            <PageLink
              key={id}
              to="/configuration"
              search={{ at: id }}
              aria-current={id === section && !search ? 'true' : undefined}
              className={cn(
                'flex items-center rounded-md px-2.5 py-1 text-sm hover:bg-sunken',
                id === section && !search ? 'bg-accent-wash font-medium text-ink' : 'text-ink-soft',
              )}
            >
              <span className="flex-1 truncate">{label}</span>
              {id in patch && <span className="text-warn text-xs">{t('changed')}</span>}
            </PageLink>
          ))}
        </nav>
      </div>
      <div className="grid min-w-0 gap-4">
        {search ? (
          <Card title={t('found', { count: hits.length })} bodyClassName="p-0">
            {hits.length ? (
              <ul>
                {hits.map((hit) => (
                  <li key={hit.path} className="border-line border-b last:border-b-0">
                    <button
                      type="button"
                      className="grid w-full gap-0.5 px-4 py-2 text-left text-sm hover:bg-sunken"
                      onClick={() => open(hit.path)}
                    >
                      <span className="flex flex-wrap items-baseline gap-x-3">
                        <span className="font-medium">{hit.label}</span>
                        <span className="break-all font-mono text-ink-faint text-xs">{hit.path}</span>
                      </span>
                      <span className="text-ink-soft text-xs">
                        <CodeWords text={hit.help} />
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <Empty icon={Search} title={t('nothingFound')} />
            )}
          </Card>
        ) : (
          shown && (
            <Card
              title={path
                .map((_, place) => hints[path.slice(0, place + 1).join('.')]?.label ?? path[place])
                .join(' › ')}
              aside={
                path.length > 1 && (
                  <Button look="link" size="small" onClick={() => open(path.slice(0, -1).join('.'))}>
                    {t('around')}
                  </Button>
                )
              }
            >
              {help && (
                <p className="mb-4 text-ink-soft text-sm">
                  <CodeWords text={help} />
                </p>
              )}
              <SchemaForm
                key={`${at} ${edition}`}
                schema={shown}
                hints={hints}
                path={path}
                value={valueAt(draft, path)}
                disabled={readOnly}
                problems={problems}
                onChange={(value) => setDraft((before) => changed(before, path, value) as Plain)}
              />
            </Card>
          )
        )}
        {dirty && (
          <div className="sticky bottom-3 z-10 flex flex-wrap items-center gap-2 rounded-lg border border-line-strong bg-raised px-4 py-2.5 shadow-raised">
            <p role="status" className="min-w-0 flex-1 basis-40 text-sm">
              {unparsed.length
                ? t('notJsonAt', { names: unparsed.join(', ') })
                : t('unsaved', { names: Object.keys(patch).join(', ') })}
            </p>
            <Button
              onClick={() => {
                setDraft(base.parsed);
                setEdition((before) => before + 1);
              }}
            >
              {t('discard')}
            </Button>
            <Button look="primary" disabled={unparsed.length > 0} onClick={() => setReview(true)}>
              {t('review')}
            </Button>
          </div>
        )}
      </div>
      {review && (
        <ReviewDialog
          before={saysAll(base.parsed, draft) ? textOf(base.parsed) : (base.raw ?? '')}
          after={textOf(draft)}
          write={
            saysAll(base.parsed, draft)
              ? { method: 'config.patch', raw: JSON.stringify(patch) }
              : { method: 'config.set', raw: textOf(draft) }
          }
          note={saysAll(base.parsed, draft) ? undefined : t('commentsGo')}
          hash={base.hash}
          problems={Object.keys(problems)}
          close={() => setReview(false)}
          saved={() => setReview(false)}
        />
      )}
    </div>
  );
}
