/**
 * Text from outside, made safe to show: nothing that an image or a registry says may steer a terminal or break a line.
 */

/** `text` with control characters, line breaks and direction overrides shown as escapes, cut to `maxLength` characters. */
export function printable(text: string, maxLength = 300): string {
  const safe = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escapeOne);
  return safe.length > maxLength ? `${safe.slice(0, maxLength - 1)}…` : safe;
}

function escapeOne(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
}

/** A URL without credentials and query string, for messages; the text itself, shortened, when it is not a URL. */
export function withoutSecrets(url: string | URL): string {
  try {
    const parsed = new URL(url);
    return printable(`${parsed.protocol}//${parsed.host}${parsed.pathname}`);
  } catch {
    return printable(String(url).replace(/\?.*$/s, ''));
  }
}
