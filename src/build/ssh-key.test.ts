import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { checkSshKey } from './ssh-key.ts';

const pem = (bits: number, options: object = {}) =>
  generateKeyPairSync('rsa', { modulusLength: bits })
    .privateKey.export({ type: 'pkcs1', format: 'pem', ...options })
    .toString();
const rsa = pem(2048);

describe('private keys for Git', () => {
  test.each([
    { args: ['-t', 'rsa', '-b', '2048', '-m', 'PEM'], kind: 'rsa', why: 'the format of the older rule' },
    { args: ['-t', 'rsa', '-b', '3072'], kind: 'rsa', why: 'what ssh-keygen makes by default today' },
    { args: ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8'], kind: 'rsa', why: 'PKCS #8, as openssl makes it' },
    { args: ['-t', 'ed25519'], kind: 'ed25519', why: 'what Git hosts recommend' },
    { args: ['-t', 'ecdsa', '-m', 'PEM'], kind: 'ecdsa', why: 'a curve in PEM' },
    { args: ['-t', 'ecdsa', '-b', '521'], kind: 'ecdsa', why: 'a curve in the format of OpenSSH' },
  ])('$kind by ssh-keygen $args is taken, with its fingerprint and public half: $why', async ({ args, kind }) => {
    await using folder = await scratchFolder();
    execFileSync('ssh-keygen', ['-q', ...args, '-N', '', '-C', '', '-f', folder.at('key')]);
    const key = checkSshKey(`\r\n  ${readFileSync(folder.at('key'), 'utf8').replaceAll('\n', '\r\n')}  \n`);
    const [, fingerprint] = execFileSync('ssh-keygen', ['-lf', folder.at('key.pub')], { encoding: 'utf8' }).split(' ');
    expect(key.kind).toBe(kind);
    expect(key.fingerprint).toBe(fingerprint);
    expect(key.publicKey).toBe(readFileSync(folder.at('key.pub'), 'utf8').trim());
    expect(key.privateKey).toBe(readFileSync(folder.at('key'), 'utf8'));
  });

  test('a key with a passphrase is refused in either format, with the way to take it off', async () => {
    await using folder = await scratchFolder();
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', folder.at('key')]);
    expect(() => checkSshKey(readFileSync(folder.at('key'), 'utf8'))).toThrow('ssh-keygen -p');
    expect(() => checkSshKey(pem(2048, { cipher: 'aes-128-cbc', passphrase: 'secret' }))).toThrow('passphrase');
  });

  test.each([
    { text: '', says: 'no text', why: 'nothing was pasted' },
    { text: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGm me@here', says: 'public half', why: 'the other file' },
    {
      text: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      says: 'public half',
      why: 'openssl’s public',
    },
    { text: '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', says: 'SSH2', why: 'ssh-keygen -e writes this' },
    {
      text: 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none',
      says: 'PuTTYgen',
      why: 'the key of a Windows user',
    },
    {
      text: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      says: 'certificate',
      why: 'PEM, but no key',
    },
    { text: '-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA', says: 'PGP', why: 'it signs commits, but opens no host' },
    { text: '-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----', says: 'DSA', why: 'too old' },
    {
      text: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----',
      says: 'passphrase',
      why: 'PKCS #8 with a passphrase',
    },
    { text: rsa.split('\n').slice(1).join('\n'), says: 'is missing: paste the whole file', why: 'no first line' },
    { text: rsa.split('\n').slice(0, 9).join('\n'), says: 'cut off', why: 'the end did not come along' },
    { text: rsa.replaceAll('\n', ' '), says: 'line breaks', why: 'a form without lines swallowed them' },
    { text: `${rsa}\n${rsa}`, says: 'not base64', why: 'pasted twice' },
    { text: rsa.split('\n').toSpliced(5, 3).join('\n'), says: 'damaged', why: 'lines are missing inside' },
    { text: rsa.replace(/\n[A-Za-z0-9+/]/, '\n*'), says: 'not base64', why: 'a letter was hit by accident' },
    { text: pem(1024), says: '1024 bits', why: 'too short for any server' },
    { text: 'hunter2', says: 'BEGIN', why: 'a password is no key' },
    { text: 'x'.repeat(40_000), says: 'characters', why: 'a whole archive' },
  ])('it says what is wrong ($says): $why', ({ text, says }) => {
    expect(() => checkSshKey(text)).toThrow(says);
  });

  test('the sentence about a damaged key repeats none of it', () => {
    const lines = rsa.split('\n').toSpliced(5, 3);
    try {
      checkSshKey(lines.join('\n'));
      expect.unreachable();
    } catch (error) {
      const said = String(error instanceof Error ? `${error.message} ${error.stack} ${String(error.cause)}` : error);
      for (const line of lines.slice(1, 10)) expect(said).not.toContain(line);
    }
  });
});
