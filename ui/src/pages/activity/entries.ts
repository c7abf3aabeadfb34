export interface Entry {
  id: string;
  /** Milliseconds. */
  time: number;
  source: string;
  type: string;
  summary: string;
  detail?: string;
}

export const sources = ['openclaw', 'qq', 'wechat', 'system'] as const;

/** What an entry says, without the brackets that tell its source once more. */
export const wordsIn = (entry: Entry): string => entry.summary.replace(/^\[(?:系统|QQ)\]\s*/, '');

/** How soon the page of entries is asked for anew, and how many there are at once. */
export const EVERY_MS = 3_000;
export const STEP = 100;
export const MOST = 500;
