// biome-ignore-all lint/a11y/noRedundantRoles: laid out as boxes, these elements are no table to some browsers unless it is said
import {
  type Column,
  type ColumnDef,
  type ColumnMeta,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type Header,
  type OnChangeFn,
  type Row,
  type RowData,
  type SortingState,
  useReactTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import {
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react';
import { useTranslation } from 'react-i18next';
import { cn } from '@/lib/cn';
import { Empty } from './states';

declare module '@tanstack/react-table' {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Numbers stand at the right. */
    align?: 'right';
    /** Classes with the column's width, which its contents do not change; without one it shares what the others leave. */
    width?: string;
    /** On narrower windows the column is left out. */
    from?: 'sm' | 'md' | 'lg' | 'xl';
  }
}

/** What a cell shows is made by a plain function, which must use no hooks: a component for each cell would cost more than its text. */
// biome-ignore lint/suspicious/noExplicitAny: the cells of a row have different values
export type Columns<T> = ColumnDef<T, any>[];

interface DataTableProps<T> {
  /** What the rows are, for screen readers. */
  label: string;
  columns: Columns<T>;
  rows: readonly T[];
  rowId(row: T): string;
  /** Enter or a click on a row. */
  onOpen?(row: T): void;
  /** The row whose details are shown. */
  opened?: string;
  /** Where the server sorts; without it the table does. */
  sorting?: SortingState;
  onSortingChange?: OnChangeFn<SortingState>;
  /** Near the end: time to fetch more. */
  onEnd?(): void;
  /** Of the box that scrolls; `h-full` in a page that fills the window. */
  className?: string;
  empty?: ReactNode;
  rowHeight?: number;
}

/** Rows above and below those in sight, for what a wheel turns until the next frame. */
const OVERSCAN = 8;
/** The height of the row with the names, which stays at the top: how much less of the others is in sight. */
const HEAD = 36;

const shownFrom = {
  sm: 'hidden sm:block',
  md: 'hidden md:block',
  lg: 'hidden lg:block',
  xl: 'hidden xl:block',
};

/** Opaque, so that the browser moves what it has drawn instead of drawing it anew. */
const box = 'relative overflow-auto bg-surface';
/** `align-middle`, here and in rows, though nothing is aligned by it: browsers have cells inherit that from their row, so that the
 * style of each would be one of its own, made anew, where every row has a place of its own. */
const shared = 'min-w-0 truncate px-3 align-middle';

/** The classes of a column's cells: put together once, not for each cell. */
const classesOf = (meta: ColumnMeta<unknown, unknown> | undefined, ...names: string[]): string =>
  cn(shared, ...names, meta?.width ?? 'min-w-24 flex-1', meta?.from && shownFrom[meta.from]);

/** The place of the row that something is in; what opens from a cell, a menu, is in none. */
function placeOf(target: EventTarget): number | undefined {
  const row = (target as Element).closest<HTMLElement>('[data-place]');
  return row ? Number(row.dataset.place) : undefined;
}

/** A table of any length: only the rows in sight are in the page. Arrow keys move, Enter opens. Its parts are laid out by
 * themselves, not as a table: each row is of one height and a box of its own, so that one which comes into sight moves no other. */
export function DataTable<T>({
  label,
  columns,
  rows,
  rowId,
  onOpen,
  opened,
  sorting: given,
  onSortingChange,
  onEnd,
  className,
  empty,
  rowHeight = 38,
}: DataTableProps<T>) {
  const { t } = useTranslation('common');
  const [own, setOwn] = useState<SortingState>([]);
  const [focused, setFocused] = useState(0);
  const scroller = useRef<HTMLDivElement>(null);
  const sorting = given ?? own;
  const table = useReactTable({
    data: rows as T[],
    columns,
    state: { sorting },
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    manualSorting: given !== undefined,
    onSortingChange: onSortingChange ?? setOwn,
  });
  const model = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: model.length,
    getScrollElement: useCallback(() => scroller.current, []),
    // With functions that are new each time it would measure all rows anew.
    estimateSize: useCallback(() => rowHeight, [rowHeight]),
    overscan: OVERSCAN,
    scrollPaddingEnd: HEAD,
  });
  const items = virtual.getVirtualItems();
  const end = items.at(-1)?.index ?? 0;
  const near = model.length > 0 && end >= model.length - 15;

  const atEnd = useRef(onEnd);
  useEffect(() => {
    atEnd.current = onEnd;
  });
  useEffect(() => {
    if (near) atEnd.current?.();
  }, [near]);

  const awaited = useRef<number>(undefined);
  useEffect(() => {
    const row = scroller.current?.querySelector<HTMLElement>(`[data-place="${awaited.current}"]`);
    if (!row) return;
    awaited.current = undefined;
    row.focus({ preventScroll: true });
  });
  const move = (to: number) => {
    const place = Math.max(0, Math.min(model.length - 1, to));
    setFocused(place);
    // It may come into the page only once the box has been scrolled.
    awaited.current = place;
    virtual.scrollToIndex(place);
  };
  const open = (place: number | undefined) => {
    const row = place === undefined ? undefined : model[place];
    if (row) onOpen?.(row.original);
  };
  const pressed = (event: KeyboardEvent) => {
    const place = placeOf(event.target);
    if (place === undefined || !(event.target as Element).matches('[data-place]')) return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 400) / rowHeight) - 1);
    const targets: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: place + page,
      PageUp: place - page,
      Home: 0,
      End: model.length - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      move(target);
    } else if (event.key === 'Enter' && onOpen) {
      event.preventDefault();
      open(place);
    }
  };

  if (!rows.length) return empty ?? <Empty title={t('table.empty')} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <section ref={scroller} aria-label={label} tabIndex={0} className={cn(box, className)}>
      <table
        role="table"
        aria-label={label}
        aria-rowcount={model.length + 1}
        className="block w-full min-w-min text-sm"
      >
        <Head headers={table.getLeafHeaders() as Header<unknown, unknown>[]} columns={columns} sorting={sorting} />
        <tbody
          role="rowgroup"
          className="relative block"
          style={{ height: model.length * rowHeight }}
          onFocus={(event: FocusEvent) => setFocused((before) => placeOf(event.target) ?? before)}
          onKeyDown={pressed}
          onClick={onOpen && ((event: MouseEvent) => open(placeOf(event.target)))}
        >
          {items.map((item) => {
            const row = model[item.index];
            if (!row) return null;
            return (
              <Line
                key={row.id}
                row={row as Row<unknown>}
                columns={columns}
                place={item.index}
                height={rowHeight}
                focusable={item.index === Math.min(focused, model.length - 1)}
                chosen={opened === undefined ? undefined : opened === row.id}
                opens={onOpen !== undefined}
              />
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface HeadProps {
  headers: readonly Header<unknown, unknown>[];
  /** With other columns, or in another order, it is drawn anew. */
  columns: unknown;
  sorting: SortingState;
}

const Head = memo(
  function Head({ headers }: HeadProps) {
    return (
      <thead role="rowgroup" className="sticky top-0 z-10 block bg-surface">
        <tr role="row" aria-rowindex={1} className="flex h-9 items-center border-line border-b">
          {headers.map((header) => {
            const meta = header.column.columnDef.meta;
            const sorted = header.column.getIsSorted();
            const name = flexRender(header.column.columnDef.header, header.getContext());
            return (
              <th
                key={header.id}
                role="columnheader"
                scope="col"
                aria-sort={sorted ? (sorted === 'asc' ? 'ascending' : 'descending') : undefined}
                className={classesOf(
                  meta,
                  'font-medium text-ink-faint text-xs',
                  meta?.align === 'right' ? 'text-right' : 'text-left',
                )}
              >
                {header.column.getCanSort() ? (
                  <button
                    type="button"
                    onClick={header.column.getToggleSortingHandler()}
                    className="inline-flex items-center gap-1 rounded hover:text-ink"
                  >
                    {name}
                    {sorted === 'asc' && <ArrowUp aria-hidden className="size-3" />}
                    {sorted === 'desc' && <ArrowDown aria-hidden className="size-3" />}
                  </button>
                ) : (
                  name
                )}
              </th>
            );
          })}
        </tr>
      </thead>
    );
  },
  (before, now) => before.columns === now.columns && before.sorting === now.sorting,
);

interface LineProps {
  row: Row<unknown>;
  /** With other columns it is drawn anew. */
  columns: unknown;
  place: number;
  height: number;
  focusable: boolean;
  chosen?: boolean;
  opens: boolean;
}

const line =
  'group absolute inset-x-0 flex items-center align-middle border-line border-b [contain:size_layout_paint] focus-visible:outline-offset-[-2px]';
const lineClasses = {
  falsefalse: line,
  falsetrue: `${line} bg-accent-wash`,
  truefalse: `${line} cursor-pointer hover:bg-sunken`,
  truetrue: `${line} cursor-pointer bg-accent-wash hover:bg-sunken`,
};

const cellClasses = new WeakMap<object, string>();

function cellClassOf(column: Column<unknown, unknown>): string {
  const { columnDef } = column;
  const found =
    cellClasses.get(columnDef) ??
    classesOf(columnDef.meta, columnDef.meta?.align === 'right' ? 'numbers text-right' : '');
  cellClasses.set(columnDef, found);
  return found;
}

/** A row. While somebody scrolls, those that stay in sight are left as they are. */
const Line = memo(function Line({ row, place, height, focusable, chosen, opens }: LineProps) {
  return (
    <tr
      role="row"
      data-place={place}
      aria-rowindex={place + 2}
      aria-selected={chosen}
      tabIndex={focusable ? 0 : -1}
      style={{ height, top: place * height }}
      className={lineClasses[`${opens}${chosen ?? false}`]}
    >
      {row.getVisibleCells().map((cell) => {
        const { cell: shown } = cell.column.columnDef;
        return (
          <td key={cell.id} role="cell" className={cellClassOf(cell.column)}>
            {typeof shown === 'function' ? shown(cell.getContext()) : shown}
          </td>
        );
      })}
    </tr>
  );
});
