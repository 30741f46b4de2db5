/** Commands that start a sensor, for people to paste into a shell. */

/** With a container engine, and with Node.js alone. `url` is where the server is reached from this browser. */
export function installCommands({
  url,
  token,
  name,
}: {
  readonly url: string;
  readonly token: string;
  readonly name: string;
}): { readonly podman: string; readonly node: string } {
  const container = `plimsoll-sensor-${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')}`.replace(/-$/, '');
  const http = url.startsWith('http://') ? ' --allow-http' : '';
  return {
    podman: [
      `podman run --detach --name ${container} --restart on-failure \\`,
      '  --read-only --cap-drop all --security-opt no-new-privileges --tmpfs /tmp \\',
      `  --volume ${container}:/var/lib/plimsoll \\`,
      `  --env PLIMSOLL_URL=${url} --env PLIMSOLL_SENSOR_TOKEN=${token} \\`,
      '  --env PLIMSOLL_SENSOR_STATE=/var/lib/plimsoll \\',
      `  IMAGE sensor${http}`,
    ].join('\n'),
    node: `PLIMSOLL_SENSOR_TOKEN=${token} plimsoll sensor --server ${url}${http}`,
  };
}
