/** Lists of AWS: each page names the token of the next one. */
import { PlimsollError } from '#base/errors.ts';
import { LIST_LIMITS } from '#image/registry/listing.ts';

/** The pages that `ask` brings, from the first to the one without a token. @throws {PlimsollError} for a circle, or too many. */
export async function* tokenPages<T extends { readonly nextToken?: string | undefined }>(
  task: string,
  ask: (nextToken: string | undefined) => Promise<T>,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  let token: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const page = await ask(token);
    yield page;
    token = page.nextToken;
    if (!token) return;
    if (seen.has(token)) throw new PlimsollError('REGISTRY_INVALID', `${task}: AWS sends pages that go in a circle`);
    if (pages >= LIST_LIMITS.maxPages) {
      throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${LIST_LIMITS.maxPages} pages`);
    }
    seen.add(token);
  }
}
