import { expect, test } from 'vitest';
import { installCommands } from './install-commands.ts';

test('a name from outside cannot say anything to a shell', () => {
  const { podman, node } = installCommands({
    url: 'https://p.example',
    token: 'plst_x',
    name: 'a; rm -rf / $(id) `id`',
  });
  expect(podman).toContain('--name plimsoll-sensor-a-rm-rf-id-id ');
  expect(node).toBe('PLIMSOLL_SENSOR_TOKEN=plst_x plimsoll sensor --server https://p.example');
});

test('a name without letters leaves nothing behind', () => {
  expect(installCommands({ url: 'https://p.example', token: 't', name: '船' }).podman).toContain(
    '--name plimsoll-sensor ',
  );
});

test('plain http is said, since credentials go over it', () => {
  expect(installCommands({ url: 'http://127.0.0.1:8080', token: 't', name: 'a' }).node).toContain('--allow-http');
});
