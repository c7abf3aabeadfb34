import { ArrowDown, Copy, Download, Eraser, MoreHorizontal, Pause, Play, ScrollText } from 'lucide-react';
import { type UIEvent, useDeferredValue, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchValues, useSetSearch } from '@/app/links';
import { DataTable } from '@/components/data-table';
import { PageBody } from '@/components/page-body';
import { Empty, Failed, Skeleton } from '@/components/states';
import { Button } from '@/components/ui/button';
import { Card } from '@/components/ui/card';
import { Select } from '@/components/ui/input';
import { Menu, MenuItem } from '@/components/ui/menu';
import { SearchField } from '@/components/ui/search-field';
import { toast } from '@/components/ui/toasts';
import { copyText } from '@/lib/clipboard';
import { saveFile } from '@/lib/download';
import { useFormats } from '@/lib/format';
import { useMedia } from '@/lib/use-media';
import { useColumns } from './columns';
import { chosen, type Level, type Line, levels, textOf } from './line';
import { LineDrawer } from './line-drawer';
import { useTail } from './tail';

export default function Logs() {
  const { t } = useTranslation('logs');
  const formats = useFormats();
  const values = useSearchValues();
  const setSearch = useSetSearch();
  const paused = values.follow === 'off';
  const [away, setAway] = useState(false);
  const [opened, setOpened] = useState<Line>();
  const tail = useTail(paused || away);
  const search = useDeferredValue(values.q ?? '');
  const least: Level = levels.find((each) => each === values.level) ?? 'debug';
  const shown = useMemo(() => chosen(tail.lines, least, search), [tail.lines, least, search]);
  const narrow = !useMedia('(min-width: 640px)');
  const columns = useColumns(narrow);
  const box = useRef<HTMLDivElement>(null);

  const toEnd = () => {
    const scroller = box.current?.querySelector('section');
    if (scroller) scroller.scrollTop = scroller.scrollHeight;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each new line, unless somebody reads further up
  useLayoutEffect(() => {
    if (!away && !paused) toEnd();
  }, [shown, away, paused]);

  const scrolled = (event: UIEvent) => {
    const scroller = event.target;
    if (!(scroller instanceof HTMLElement) || scroller.tagName !== 'SECTION') return;
    setAway(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > 60);
  };
  const back = () => {
    setSearch({ follow: undefined });
    setAway(false);
    tail.release();
    requestAnimationFrame(toEnd);
  };
  const copy = () =>
    void copyText(shown.map(textOf).join('\n')).then((done) =>
      done ? toast.good(t('copiedLines', { count: shown.length })) : toast.bad(t('copyFailed')),
    );

  return (
    <PageBody size="fill">
      <div className="flex flex-wrap items-center gap-2">
        <SearchField
          label={t('search')}
          placeholder={t('find')}
          className="min-w-40 flex-1"
          value={values.q}
          onValue={(q) => setSearch({ q })}
        />
        <Select
          aria-label={t('level')}
          className="w-auto"
          value={least}
          onChange={(event) => setSearch({ level: event.target.value === 'debug' ? undefined : event.target.value })}
        >
          {levels.map((each) => (
            <option key={each} value={each}>
              {t(`from.${each}`)}
            </option>
          ))}
        </Select>
        <Button aria-pressed={paused} onClick={() => (paused ? back() : setSearch({ follow: 'off' }))}>
          {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
          {paused ? t('resume') : t('pause')}
        </Button>
        <Menu
          trigger={
            <Button size="icon" aria-label={t('moreActions')}>
              <MoreHorizontal aria-hidden />
            </Button>
          }
        >
          <MenuItem onSelect={copy} disabled={!shown.length}>
            <Copy aria-hidden />
            {t('copyShown')}
          </MenuItem>
          <MenuItem
            disabled={!shown.length}
            onSelect={() =>
              saveFile('crawdad.log.jsonl', `${shown.map((line) => line.raw).join('\n')}\n`, 'application/x-ndjson')
            }
          >
            <Download aria-hidden />
            {t('download')}
          </MenuItem>
          <MenuItem onSelect={tail.clear} disabled={!tail.lines.length}>
            <Eraser aria-hidden />
            {t('clearView')}
          </MenuItem>
        </Menu>
      </div>
      <Card className="relative flex min-h-0 flex-1 flex-col overflow-hidden" bodyClassName="min-h-0 flex-1 p-0">
        <div ref={box} className="flex h-full flex-col" onScrollCapture={scrolled}>
          <p className="numbers flex min-h-9 items-center gap-3 border-line border-b px-3 text-ink-soft text-xs">
            <span>{t('count', { count: shown.length, number: formats.number(shown.length) })}</span>
            {tail.file && (
              <span className="ml-auto min-w-0 truncate text-ink-faint">
                {tail.file === '(memory)' ? t('memory') : tail.file}
              </span>
            )}
          </p>
          {tail.error !== null && <Failed error={tail.error} className="m-3" />}
          {tail.pending ? (
            <Skeleton lines={12} className="p-4" />
          ) : (
            <DataTable<Line>
              label={t('title')}
              columns={columns}
              rows={shown}
              rowId={(line) => String(line.id)}
              rowHeight={narrow ? 62 : 28}
              opened={opened && String(opened.id)}
              onOpen={setOpened}
              className="min-h-0 flex-1"
              empty={
                tail.lines.length ? (
                  <Empty
                    icon={ScrollText}
                    title={t('nothingFound')}
                    action={
                      <Button onClick={() => setSearch({ q: undefined, level: undefined })}>{t('showAll')}</Button>
                    }
                  />
                ) : (
                  <Empty icon={ScrollText} title={t('none.title')} text={t('none.text')} />
                )
              }
            />
          )}
        </div>
        {(away || paused) && tail.waiting > 0 && (
          <Button
            look="primary"
            size="small"
            onClick={back}
            className="enter absolute bottom-4 left-1/2 z-20 -translate-x-1/2"
          >
            <ArrowDown aria-hidden />
            {t('newer', { count: tail.waiting })}
          </Button>
        )}
      </Card>
      {opened && <LineDrawer line={opened} close={() => setOpened(undefined)} />}
    </PageBody>
  );
}
