import { useTranslation } from 'react-i18next';

/** How times, sizes and amounts are written in a language, in the zone of whoever looks. Times are milliseconds. */
export interface Formats {
  dateTime(at: number): string;
  date(at: number): string;
  time(at: number): string;
  /** Only the hour and the minute, and only the day of a year: what stands below a chart. */
  hour(at: number): string;
  day(at: number): string;
  /** "3 minutes ago", "in 2 hours". */
  relative(at: number, now?: number): string;
  /** A span: 850 ms, 12.4 s, 3 min 20 s, 2 h 5 min, 4 d 3 h. */
  duration(milliseconds: number): string;
  number(value: number): string;
  /** Large numbers in few characters: 12.3K, 4M. */
  compact(value: number): string;
  bytes(value: number): string;
  /** US dollars; an unknown cost is a dash, never zero. */
  money(value: number | null | undefined): string;
  percent(share: number): string;
}

const units: ReadonlyArray<[Intl.RelativeTimeFormatUnit, number]> = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

export function formatsFor(language: string): Formats {
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
  const hour = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const number = new Intl.NumberFormat(language);
  const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
  const numbers = new Map<string, Intl.NumberFormat>();
  /** To make one costs more than to use it a hundred times. */
  const made = (key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
    const found = numbers.get(key) ?? new Intl.NumberFormat(language, options);
    numbers.set(key, found);
    return found;
  };
  const unit = (value: number, name: string, digits = 0): string =>
    made(`${name} ${digits}`, {
      style: 'unit',
      unit: name,
      // In short English says “2 byte”; Chinese has the sign B.
      unitDisplay: name === 'byte' && language === 'en' ? 'long' : 'short',
      maximumFractionDigits: digits,
    }).format(value);
  return {
    dateTime: (at) => dateTime.format(at),
    date: (at) => date.format(at),
    time: (at) => time.format(at),
    hour: (at) => hour.format(at),
    day: (at) => day.format(at),
    relative(at, now = Date.now()) {
      const seconds = Math.round((at - now) / 1000);
      const [name, size] = units.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
      return relative.format(Math.trunc(seconds / size), name);
    },
    duration(milliseconds) {
      if (milliseconds < 1000) return unit(Math.round(milliseconds), 'millisecond');
      const seconds = milliseconds / 1000;
      if (seconds < 60) return unit(seconds, 'second', 1);
      const parts: [number, string][] = [
        [Math.floor(seconds / 86_400), 'day'],
        [Math.floor((seconds % 86_400) / 3600), 'hour'],
        [Math.floor((seconds % 3600) / 60), 'minute'],
        [Math.floor(seconds % 60), 'second'],
      ];
      const first = parts.findIndex(([value]) => value > 0);
      return parts
        .slice(first, first + 2)
        .filter(([value]) => value > 0)
        .map(([value, name]) => unit(value, name))
        .join(' ');
    },
    number: (value) => number.format(value),
    compact: (value) => compact.format(value),
    bytes(value) {
      const names = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
      const step = value < 1 ? 0 : Math.min(names.length - 1, Math.floor(Math.log(value) / Math.log(1024)));
      return unit(value / 1024 ** step, names[step] ?? 'byte', step === 0 ? 0 : 1);
    },
    money(value) {
      if (value === null || value === undefined) return '–';
      const small = value !== 0 && Math.abs(value) < 1;
      return made(small ? 'small money' : 'money', {
        style: 'currency',
        currency: 'USD',
        currencyDisplay: 'narrowSymbol',
        minimumFractionDigits: 2,
        maximumFractionDigits: small ? 4 : 2,
      }).format(value);
    },
    percent: (share) => percent.format(share),
  };
}

const known = new Map<string, Formats>();

/** The formats of the language that is shown, which all components share. */
export function useFormats(): Formats {
  const language = useTranslation().i18n.language;
  const found = known.get(language) ?? formatsFor(language);
  known.set(language, found);
  return found;
}
