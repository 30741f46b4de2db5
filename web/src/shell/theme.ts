/**
 * Light or dark: as the system says, unless an account chose otherwise in this browser.
 */
import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';

const DARK_CLASS = 'pf-v6-theme-dark';
const LAST = 'plimsoll.theme';
const systemDark = window.matchMedia('(prefers-color-scheme: dark)');
const watchers = new Set<() => void>();
let owner: string | undefined;
let choice: ThemeChoice = read(LAST);

/** Shows the theme that was used last, before anything else is shown. */
export function startTheme(): void {
  systemDark.addEventListener('change', apply);
  apply();
}

/** Takes the choice of an account. */
export function setThemeOwner(accountId: string): void {
  owner = accountId;
  const own = read(`${LAST}.${accountId}`);
  if (own !== choice) choose(own);
}

/** Keeps a choice. */
export function chooseTheme(next: ThemeChoice): void {
  if (owner !== undefined) write(`${LAST}.${owner}`, next);
  choose(next);
}

/** The choice, and whether it is dark now. */
export function useTheme(): { readonly choice: ThemeChoice; readonly isDark: boolean } {
  const shown = useSyncExternalStore(watch, () => `${choice} ${isDark()}`);
  return { choice, isDark: shown.endsWith('true') };
}

function choose(next: ThemeChoice): void {
  choice = next;
  write(LAST, next);
  apply();
}

function apply(): void {
  document.documentElement.classList.toggle(DARK_CLASS, isDark());
  for (const tell of watchers) tell();
}

function isDark(): boolean {
  return choice === 'dark' || (choice === 'system' && systemDark.matches);
}

function watch(tell: () => void): () => void {
  watchers.add(tell);
  return () => watchers.delete(tell);
}

/** Browsers may forbid storage. */
function read(key: string): ThemeChoice {
  try {
    const kept = localStorage.getItem(key);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

function write(key: string, value: ThemeChoice): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Then it holds for this window.
  }
}
