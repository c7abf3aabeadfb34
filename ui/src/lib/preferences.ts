import { createStore, useStore } from './store';

export type Theme = 'system' | 'light' | 'dark';
export const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** What a person chose for this browser. Never a credential. */
export function readPreference(name: string): string | null {
  try {
    return localStorage.getItem(`crawdad.${name}`);
  } catch {
    return null; // storage is switched off
  }
}

export function writePreference(name: string, value: string): void {
  try {
    localStorage.setItem(`crawdad.${name}`, value);
  } catch {
    // storage is switched off or full: the choice lasts as long as the page
  }
}

const chosen = readPreference('theme');
const theme = createStore<Theme>(themes.includes(chosen as Theme) ? (chosen as Theme) : 'system');
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

function apply(): void {
  const dark = theme.get() === 'dark' || (theme.get() === 'system' && prefersDark.matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

apply();
prefersDark.addEventListener('change', apply);

export function setTheme(next: Theme): void {
  writePreference('theme', next);
  theme.set(next);
  apply();
}

export const useTheme = (): Theme => useStore(theme);
