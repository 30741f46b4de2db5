import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from './server-events.ts';

async function* pieces(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map(cut => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  for (const [at, from] of places.slice(0, -1).entries()) yield bytes.subarray(from, places[at + 1]);
}

const read = async (text: string, cuts: readonly number[] = []): Promise<readonly ServerEvent[]> =>
  await Array.fromAsync(readEvents(pieces(text, cuts)));

test.each([
  {
    why: 'a plain event',
    text: 'id: 7\nevent: log\ndata: {"text":"a"}\n\n',
    events: [{ id: '7', event: 'log', data: '{"text":"a"}' }],
  },
  { why: 'no name is a message', text: 'data:a\n\n', events: [{ id: '', event: 'message', data: 'a' }] },
  { why: 'several lines of data are one text', text: 'data: a\ndata: b\n\n', events: [{ data: 'a\nb' }] },
  { why: 'comments keep a connection alive and say nothing', text: ': still here\n\nretry: 2000\n\n', events: [] },
  {
    why: 'an id stays until there is another',
    text: 'id: 1\ndata: a\n\ndata: b\n\n',
    events: [{ id: '1' }, { id: '1' }],
  },
  { why: 'what the end cuts off comes again', text: 'data: a\n\nid: 9\ndata: b', events: [{ data: 'a' }] },
  { why: 'only the first blank belongs to the form', text: 'data:  a\n\n', events: [{ data: ' a' }] },
])('$why', async ({ text, events }) => {
  const found = await read(text);
  expect(found).toHaveLength(events.length);
  expect(found).toMatchObject(events);
});

test('events are the same wherever the stream is cut into pieces, and however its lines end', async () => {
  const text = 'id: 1\nevent: log\ndata: {"text":"Größe\u20ac"}\n\n: still here\n\nid: 2\ndata: x\ndata: y\n\n';
  const whole = await read(text);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(200), { maxLength: 8 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      async (cuts, end) => {
        // A carriage return alone as the last character may be half of an end: another event follows.
        const given = `${text.replaceAll('\n', end)}: x${end}`;
        expect(await read(given, cuts)).toEqual(whole);
      },
    ),
  );
});
