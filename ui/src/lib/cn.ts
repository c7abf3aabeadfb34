import { type ClassValue, clsx } from 'clsx';
import { twMerge } from 'tailwind-merge';

/** Class names put together; of those that contradict each other the last counts. */
export function cn(...names: ClassValue[]): string {
  return twMerge(clsx(names));
}
