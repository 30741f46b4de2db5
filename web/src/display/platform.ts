/** Platforms as text. */

/** `linux/arm64/v8`; what is not known is left out. */
export function platformText({
  os,
  architecture,
  variant,
}: {
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
}): string {
  const text = [os, architecture, variant].filter(part => part !== null && part !== '').join('/');
  return text === '' ? 'Unknown platform' : text;
}
