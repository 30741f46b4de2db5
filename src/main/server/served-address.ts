/** How clients reach the server, and with it the hosted registry. */
import type { ServerSettings } from '#base/server-settings.ts';
import type { HostedAddress } from '#store/hosting-space.ts';

/** By the public URL; without one where the server listens, which is known for sure only once it does: the port may be any. */
export class ServedAddress implements HostedAddress {
  readonly #publicUrl: string | undefined;
  #url: string;

  constructor({ publicUrl, host, port, tlsCertificate }: ServerSettings) {
    this.#publicUrl = publicUrl;
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#url = publicUrl ?? `${tlsCertificate === undefined ? 'http' : 'https'}://${place}`;
  }

  get url(): string {
    return this.#url;
  }

  /** Host and port, the latter without those that go without saying. */
  get host(): string {
    return new URL(this.#url).host;
  }

  /** The server listens there. */
  settle(url: string): void {
    this.#url = this.#publicUrl ?? url;
  }
}
