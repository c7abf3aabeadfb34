import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { cn } from '@/lib/cn';
import { useFormats } from '@/lib/format';

export interface Series {
  id: string;
  label: string;
  /** One for each moment. */
  values: readonly (number | null)[];
  /** Where the colour has a meaning. */
  tone?: 'good' | 'warn' | 'bad' | 'neutral';
}

interface TimeChartProps {
  label: string;
  /** Unix seconds, ascending. */
  times: readonly number[];
  series: readonly Series[];
  /** Bars stand upon each other; lines do not. */
  shape?: 'bars' | 'lines';
  /** Seconds from one moment to the next, which is as wide as a bar. */
  step?: number;
  format(value: number): string;
  /** How a moment is called in the line above the chart. */
  name?(seconds: number): string;
  className?: string;
}

/* uPlot draws on a canvas, where the classes of the page do not reach. */
const hues = {
  light: ['#0d6577', '#c27803', '#3f7d4e', '#8d5aa5', '#b4552d', '#4b6cb7', '#7a8a2a', '#a14b72'],
  dark: ['#5cc3d6', '#e9b44c', '#7fce95', '#c79be0', '#ef9a75', '#8fb0f5', '#c0d06a', '#e58fb6'],
};
const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isDark = (): boolean => document.documentElement.dataset.theme === 'dark';

/** The colours of all series; those without a meaning take the hues one after another. */
function coloursOf(series: readonly Pick<Series, 'tone'>[]): string[] {
  const all = hues[isDark() ? 'dark' : 'light'];
  let next = 0;
  return series.map(({ tone }) => {
    if (tone) return token(tone === 'neutral' ? 'ink-faint' : tone);
    next += 1;
    return all[(next - 1) % all.length] ?? '';
  });
}

/**
 * Amounts over time. Loaded lazily by the pages that have one: `lazy(() => patiently(() => import('@/components/time-chart')))`. A table with
 * the same numbers belongs beside it, for whoever does not see it.
 */
export default function TimeChart({
  label,
  times,
  series,
  shape = 'bars',
  step = 3600,
  format,
  name,
  className,
}: TimeChartProps) {
  const formats = useFormats();
  const box = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const theme = useThemeName();
  const latest = useRef({ format, formats });
  latest.current = { format, formats };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read anew when the theme changes
  useEffect(() => {
    const element = box.current;
    if (!element || !times.length) return;
    const stacked = shape === 'bars' ? stack(series) : series.map((each) => [...each.values]);
    const colours = coloursOf(series);
    const lines = token('line');
    const ink = token('ink-faint');
    const bars = uPlot.paths.bars?.({ size: [0.78, 48], align: 1 });
    // What is stacked highest is drawn first, the others upon it.
    const order = series.map((_, place) => place).reverse();
    const axis = { stroke: ink, font: '11px system-ui, sans-serif', ticks: { show: false } };
    const last = (times.at(-1) ?? 0) + (shape === 'bars' ? step : 0);
    const options: uPlot.Options = {
      width: element.clientWidth,
      height: element.clientHeight,
      legend: { show: false },
      padding: [10, 8, 0, 0],
      cursor: { drag: { x: false, y: false }, points: { show: shape === 'lines' }, y: false },
      scales: {
        x: { time: true, range: [times[0] ?? 0, last] },
        y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] },
      },
      series: [
        {},
        ...order.map((place) => {
          const colour = colours[place];
          return shape === 'bars'
            ? { fill: colour, stroke: colour, width: 0, paths: bars, points: { show: false } }
            : { stroke: colour, width: 1.75, points: { show: times.length < 3 } };
        }),
      ],
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 28,
          space: 70,
          values: (_, splits, __, ___, step) => splits.map((each) => tick(each, step)),
        },
        {
          ...axis,
          grid: { stroke: lines, width: 1 },
          size: 58,
          values: (_, splits) => splits.map((each) => latest.current.format(each)),
        },
      ],
      hooks: { setCursor: [(plot) => setAt(plot.cursor.idx ?? null)] },
    };
    const tick = (seconds: number, step: number): string => {
      const whole = latest.current.formats;
      return step >= 86_400 ? whole.day(seconds * 1000) : whole.hour(seconds * 1000);
    };
    const data = [[...times], ...order.map((place) => stacked[place] ?? [])] as uPlot.AlignedData;
    const plot = new uPlot(options, data, element);
    const resized = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: element.clientHeight }),
    );
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [times, series, shape, step, theme]);

  const colours = coloursOf(series);
  const shown = at !== null && times[at] !== undefined ? at : null;
  return (
    <div className={cn('flex flex-col', className)}>
      <div className="flex min-h-6 flex-wrap items-center gap-x-4 gap-y-1 text-xs" aria-hidden>
        {series.map((each, place) => (
          <span key={each.id} className="inline-flex items-center gap-1.5 text-ink-soft">
            <span className="size-2.5 rounded-sm" style={{ background: colours[place] }} />
            {each.label}
            {shown !== null && (
              <span className="numbers font-medium text-ink">
                {each.values[shown] === null ? '–' : format(each.values[shown] ?? 0)}
              </span>
            )}
          </span>
        ))}
        {shown !== null && (
          <span className="numbers ml-auto text-ink-faint">
            {(name ?? ((seconds: number) => formats.dateTime(seconds * 1000)))(times[shown] ?? 0)}
          </span>
        )}
      </div>
      <div ref={box} role="img" aria-label={label} className="min-h-0 flex-1 overflow-hidden" />
    </div>
  );
}

function stack(series: readonly Series[]): number[][] {
  const sums: number[] = [];
  return series.map((each) =>
    each.values.map((value, place) => {
      const sum = (sums[place] ?? 0) + (value ?? 0);
      sums[place] = sum;
      return sum;
    }),
  );
}

function useThemeName(): string {
  const [name, setName] = useState(() => document.documentElement.dataset.theme ?? '');
  useEffect(() => {
    const observer = new MutationObserver(() => setName(document.documentElement.dataset.theme ?? ''));
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    return () => observer.disconnect();
  }, []);
  return name;
}
