/** Where to go after the sign-in: a path of ours, never another site. */
export function safeReturnTo(text: string | null): string {
  if (text === null || !text.startsWith('/')) return '/';
  // `//host` and `/\host` are other sites for a browser.
  const { origin, pathname, search, hash } = new URL(text, 'http://here.invalid');
  return origin === 'http://here.invalid' && !/^\/[/\\]/.test(text) ? `${pathname}${search}${hash}` : '/';
}
