/**
 * Proxies of the machine that builds, as the programs of a build are told of them: in their environment.
 *
 * What a proxy is logged in with belongs to whoever runs the machine. git and buildah have it where they fetch and push, before and after any
 * instruction runs; instructions of a Dockerfile, a stranger's code, are told the address alone.
 */
import { PlimsollError } from '#base/errors.ts';
import { isLoopback } from '#image/registry/address.ts';

/** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` in upper or lower case, among anything else. */
export type ProxySettings = Readonly<Record<string, string | undefined>>;

/** See the head of the file. */
export interface BuildProxies {
  /** For git, and for buildah where it pulls and pushes. Empty without proxies. */
  readonly env: Readonly<Record<string, string>>;
  /** Texts that no log may have. */
  readonly secrets: readonly string[];
  /** For instructions, by what they reach, with what is worth saying. */
  forInstructions(network: 'isolated' | 'none' | 'host'): {
    readonly env: Readonly<Record<string, string>>;
    readonly remarks: readonly string[];
  };
}

const SCHEMES = ['http:', 'https:', 'socks5:', 'socks5h:', 'socks:'];
/** Nothing asks a proxy for this machine: that is where the hosted registry mostly is. */
const ALWAYS_DIRECT = ['localhost', '127.0.0.1', '127.0.0.0/8', '::1'];

/** Reads them. @throws {PlimsollError} `BUILDER_UNABLE` for what is no address of a proxy. */
export function readBuildProxies(settings: ProxySettings = {}): BuildProxies {
  const read = (name: string) => settings[name] || settings[name.toUpperCase()] || '';
  const proxies = ['http_proxy', 'https_proxy'].flatMap(name => {
    const text = read(name);
    return text === '' ? [] : [{ name, url: toUrl(name, text) }];
  });
  if (proxies.length === 0) return { env: {}, secrets: [], forInstructions: () => ({ env: {}, remarks: [] }) };
  const direct = { name: 'no_proxy', value: [read('no_proxy'), ...ALWAYS_DIRECT].filter(one => one !== '').join(',') };
  const env = inBothCases([...proxies.map(({ name, url }) => ({ name, value: toText(url) })), direct]);
  return {
    env,
    secrets: proxies.flatMap(({ url }) => secretsOf(url)),
    forInstructions(network) {
      const reached = proxies.filter(({ url }) => network === 'host' || !isLoopback(url.hostname));
      const remarks: string[] = [];
      if (network === 'none') return { env: {}, remarks };
      if (reached.length < proxies.length) {
        remarks.push('Instructions have no proxy: it is on the loopback of this machine, which they do not reach');
      }
      if (reached.some(({ url }) => url.password !== '')) {
        remarks.push(
          'Instructions are not told the log-in of the proxy: where they need one, give the build argument http_proxy or https_proxy',
        );
      }
      if (reached.length === 0) return { env: {}, remarks };
      const values = reached.map(({ name, url }) => ({ name, value: toText(withoutLogin(url)) }));
      return { env: inBothCases([...values, direct]), remarks };
    },
  };
}

function toUrl(name: string, text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url !== null && url.hostname !== '' && SCHEMES.includes(url.protocol)) return url;
  // The text may hold a password.
  throw new PlimsollError(
    'BUILDER_UNABLE',
    `Cannot use the proxy in ${name.toUpperCase()} of the builder: expected a URL such as http://proxy.example:3128`,
  );
}

function toText(url: URL): string {
  return url.href.replace(/\/$/, '');
}

function withoutLogin(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

function secretsOf({ username, password }: URL): readonly string[] {
  if (password === '') return [];
  const plain = decoded(password);
  // Together they are what the header of a proxy has in base64.
  return [password, plain, `${username}:${password}`, `${decoded(username)}:${plain}`];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** curl reads `http_proxy` in lower case alone, others in upper. */
function inBothCases(values: readonly { readonly name: string; readonly value: string }[]): Record<string, string> {
  return Object.fromEntries(
    values.flatMap(({ name, value }) => [
      [name, value],
      [name.toUpperCase(), value],
    ]),
  );
}
