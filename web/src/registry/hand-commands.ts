/** Commands that try by hand, on the machine of a sensor, what a test of the connection tries. */

/** One of them. */
export interface HandCommand {
  readonly title: string;
  readonly text: string;
}

/** Characters of hosts, ports and paths; anything else would mean something to a shell. */
const PLAIN = /^[A-Za-z0-9._:/[\]-]+$/;

/**
 * Commands for a registry at `address`, with or without its scheme; none for an address that no shell may see. Logins name host and port
 * alone, whatever the address is.
 */
export function handCommands(address: string, repository = 'REPOSITORY'): readonly HandCommand[] {
  const [, scheme = 'https', rest = ''] = /^(?:(https?):\/\/)?(.*?)\/*$/i.exec(address.trim()) ?? [];
  const [host = ''] = rest.split('/');
  if (host === '' || !PLAIN.test(rest) || !PLAIN.test(repository)) return [];
  return [
    { title: 'Log in, with Docker or Podman', text: `docker login ${host}` },
    { title: 'Pull, with containerd or CRI-O', text: `crictl pull ${host}/${repository}:TAG` },
    {
      title: 'List the names of repositories, where the registry has a catalogue',
      text: `curl -u USER ${scheme.toLowerCase()}://${host}/v2/_catalog`,
    },
  ];
}
