/** Numbers as text. */

const WHOLE = new Intl.NumberFormat();
const BYTES = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** With separators: `12,345`. */
export function formatCount(count: number): string {
  return WHOLE.format(count);
}

/** `1 image`, `1,234 images`. */
export function formatThings(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Decimal units, as registries show them: `28.3 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < BYTES.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTES[unit]}`;
}
