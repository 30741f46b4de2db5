/** Which passwords are taken, and how they are checked. */
import { expect, test } from 'vitest';
import { hashPassword, isPassword, parsePassword } from './password.ts';

test.each([
  { password: 'correct horse battery', why: 'words' },
  { password: 'ein Füllhorn voller Äpfel', why: 'any script' },
  { password: 'xY7#kQ2!pL9z', why: 'twelve characters' },
])('the password $password is taken: $why', ({ password }) => {
  expect(parsePassword(password, 'jane')).toBe(password);
});

test.each([
  { password: 'xY7#kQ2!pL9', says: /fewer than 12/ },
  { password: 'a'.repeat(257), says: /more than 256/ },
  { password: 'abababababababab', says: /5 different/ },
  { password: 'my name is Jane ok', says: /name of the account/ },
  { password: 'abcdefghijklmn', says: /follow each other/ },
  { password: '0987654321098', says: /follow each other/ },
])('the password $password is refused, without being repeated', ({ password, says }) => {
  expect(() => parsePassword(password, 'jane')).toThrow(says);
  expect(() => parsePassword(password, 'jane')).not.toThrow(password);
});

test('passwords are kept as argon2id with the parameters of OWASP, and known again in any form of Unicode', async () => {
  const hash = await hashPassword(parsePassword('Füllhorn voller Äpfel', 'jane'));
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await isPassword('Füllhorn voller Äpfel'.normalize('NFD'), hash)).toBe(true);
  expect(await isPassword('füllhorn voller äpfel', hash)).toBe(false);
});

test('nothing is the password of an account without one', async () => {
  expect(await isPassword('the password of nobody', undefined)).toBe(false);
  expect(await isPassword('', undefined)).toBe(false);
});

test('many checks at once take turns, and all are answered', async () => {
  const hash = await hashPassword('correct horse battery');
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, at) => isPassword(at % 2 === 0 ? 'correct horse battery' : 'wrong', hash)),
  );
  expect(answers).toEqual([true, false, true, false, true, false, true, false]);
});
