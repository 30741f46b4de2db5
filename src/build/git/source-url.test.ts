import { describe, expect, test } from 'vitest';
import { checkHost, checkRef, readSourceUrl } from './source-url.ts';

const none = { kind: 'none' } as const;
const key = { kind: 'ssh-key', privateKey: 'k' } as const;

describe('addresses of Git repositories', () => {
  test.each([
    { url: 'https://git.example/team/app.git', login: none, host: 'git.example', why: 'as most write it' },
    { url: 'https://git.example:8443/app', login: none, host: 'git.example', why: 'with a port' },
    { url: 'https://[::1]:8443/app', login: none, host: '::1', why: 'by its IPv6 address' },
    { url: 'ssh://git@git.example:2222/app.git', login: key, host: 'git.example', why: 'SSH as a URL' },
    { url: 'git@git.example:team/app.git', login: key, host: 'git.example', why: 'SSH as scp has it' },
  ])('$url is taken: $why', ({ url, login, host }) => {
    expect(readSourceUrl({ url, login })).toMatchObject({ url, host });
  });

  test.each([
    { url: '', login: none, says: 'no address', why: 'nothing was given' },
    { url: 'http://git.example/app', login: none, says: 'only "https:" and "ssh:"', why: 'anybody could change it' },
    { url: 'git://git.example/app', login: none, says: 'only "https:" and "ssh:"', why: 'anybody could change it' },
    {
      url: 'file:///etc',
      login: none,
      says: 'only "https:" and "ssh:"',
      why: 'files of the builder are none of theirs',
    },
    { url: '/srv/git/app', login: none, says: 'expected', why: 'a path of the builder' },
    { url: 'ext::sh -c id', login: none, says: 'no blanks', why: 'git would run it' },
    { url: 'ext::id', login: none, says: 'only "https:" and "ssh:"', why: 'git would run it' },
    { url: '-uid:x', login: none, says: 'expected', why: 'git would take it for an option' },
    { url: 'git@-oProxyCommand=id:x', login: key, says: 'expected', why: 'ssh would take it for an option' },
    { url: 'ssh://-oProxyCommand=id/x', login: key, says: 'a host', why: 'the same as a URL' },
    { url: 'git@git.example:-x', login: key, says: 'expected', why: 'git there would take it for an option' },
    { url: 'https://git.example', login: none, says: 'path', why: 'no repository is named' },
    { url: 'https://git.example/a?b=c', login: none, says: 'query', why: 'copied from a browser' },
    { url: 'https://u:hunter2@git.example/a', login: none, says: 'password', why: 'it would be shown everywhere' },
    { url: 'https://ghp_token@git.example/a', login: none, says: 'as the log-in', why: 'tokens are put there' },
    { url: 'https://git.example/a', login: key, says: 'of no use', why: 'a key for HTTPS' },
    { url: 'git@git.example:a', login: none, says: 'needs a private key', why: 'SSH without a key' },
    { url: `https://git.example/${'a'.repeat(3000)}`, login: none, says: 'at most', why: 'longer than any' },
  ])('"$url" is refused ($says): $why', ({ url, login, says }) => {
    expect(() => readSourceUrl({ url, login })).toThrow(says);
    expect(() => readSourceUrl({ url, login })).not.toThrow(/hunter2|ghp_token/);
  });

  test('a cloud’s metadata service is no Git server, by whatever name', async () => {
    for (const host of ['169.254.169.254', 'metadata.google.internal']) {
      const url = readSourceUrl({ url: `https://${host}/x`, login: none });
      await expect(checkHost(url)).rejects.toMatchObject({ code: expect.stringMatching(/^SOURCE_/) });
    }
  });

  test.each([
    { ref: ' main ', name: 'main', why: 'blanks come along' },
    { ref: 'refs/heads/feature/x', name: 'feature/x', why: 'the full name of a branch' },
    { ref: '', name: '', why: 'the branch that the repository shows first' },
  ])('"$ref" is the ref "$name": $why', ({ ref, name }) => {
    expect(checkRef(ref)).toBe(name);
  });

  test.each(['--upload-pack=id', 'a..b', 'a b', 'a:b', 'HEAD^', 'a\u0000', '.a', 'a.lock', 'x'.repeat(300), '@{-1}'])(
    'no branch or tag is named %j',
    ref => {
      expect(() => checkRef(ref)).toThrow('no branch, tag or commit has such a name');
    },
  );
});
