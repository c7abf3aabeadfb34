import type { Level, Sample } from './api';

const MINUTE = 60;
const DAY = 86_400;

export interface Trends {
  /** Unix seconds, ascending, as far apart as the looks are. */
  times: number[];
  response: (number | null)[];
  processor: (number | null)[];
  memory: (number | null)[];
}

/** The figures of a day, with a gap wherever the gateway did not run. */
export function trendsOf(samples: readonly Sample[]): Trends {
  const trends: Trends = { times: [], response: [], processor: [], memory: [] };
  const add = (at: number, sample?: Sample) => {
    trends.times.push(at);
    trends.response.push(sample?.response_time_ms || null);
    trends.processor.push(sample?.cpu_usage ?? null);
    trends.memory.push(sample?.memory_usage ?? null);
  };
  let before: number | undefined;
  for (const sample of samples) {
    const at = Date.parse(sample.timestamp) / 1000;
    if (before !== undefined && at <= before) continue;
    if (before !== undefined && at - before > 3 * MINUTE) add(before + MINUTE);
    add(at, sample);
    before = at;
  }
  return trends;
}

export interface Slot {
  /** Unix seconds. */
  start: number;
  /** `null`: the gateway did not run. */
  level: Level | null;
  parts: string[];
}

const order: Level[] = ['ok', 'degraded', 'down'];

/** The last day in equal slots, each with the worst that was seen in it. */
export function slotsOf(samples: readonly Sample[], now: number, count = 96): Slot[] {
  const span = DAY / count;
  const last = Math.floor(now / 1000 / span) * span;
  const slots: Slot[] = Array.from({ length: count }, (_, place) => ({
    start: last - (count - 1 - place) * span,
    level: null,
    parts: [],
  }));
  const first = slots[0]?.start ?? 0;
  for (const sample of samples) {
    const slot = slots[Math.floor((Date.parse(sample.timestamp) / 1000 - first) / span)];
    if (!slot) continue;
    if (slot.level === null || order.indexOf(sample.status) > order.indexOf(slot.level)) slot.level = sample.status;
    for (const part of Object.keys(sample.parts)) if (!slot.parts.includes(part)) slot.parts.push(part);
  }
  return slots;
}

/** The share of the time that the gateway ran and was not down, of 0 to 1; `null` without a look. */
export function wellShare(samples: readonly Sample[]): number | null {
  if (!samples.length) return null;
  return samples.filter((sample) => sample.status !== 'down').length / samples.length;
}
