import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { huggingFaceCataloguer, modelCataloguer } from './cataloguer.ts';

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
};
const text = (value: string) => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);
const pair = (key: string, value: string | number) =>
  typeof value === 'string'
    ? Buffer.concat([text(key), u32(8), text(value)])
    : Buffer.concat([text(key), u32(4), u32(value)]);
const gguf = (pairs: Record<string, string | number>, tail = Buffer.alloc(0)) =>
  Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(0),
    u64(Object.keys(pairs).length),
    ...Object.entries(pairs).map(([key, value]) => pair(key, value)),
    tail,
  ]);
const safetensors = (header: unknown) => {
  const json = Buffer.from(JSON.stringify(header));
  return Buffer.concat([u64(json.length), json, Buffer.alloc(64)]);
};
const read = (path: string, content: Uint8Array) => readClaimed(modelCataloguer, path, content)?.packages;

test.each([
  {
    pairs: {
      'general.architecture': 'llama',
      'general.file_type': 7,
      'general.name': 'Tiny Llama',
      'general.version': 'v1.0',
      'general.license': 'apache-2.0',
    },
    found: {
      type: 'generic',
      name: 'Tiny Llama',
      version: 'v1.0',
      licenses: ['apache-2.0'],
      properties: { kind: 'model', architecture: 'llama' },
    },
    why: 'a model with a name',
  },
  {
    pairs: { 'general.name': 'x', 'general.repo_url': 'https://huggingface.co/org/tiny' },
    found: { type: 'huggingface', name: 'org/tiny', version: '', properties: { kind: 'model' } },
    why: 'a model that says where it is from; models seldom have a version',
  },
])('GGUF: $why', ({ pairs, found }) => {
  expect(read('models/tiny.gguf', gguf(pairs))).toEqual([found]);
});

test('the vocabulary ends what is read of a GGUF header', () => {
  const tail = Buffer.concat([text('tokenizer.ggml.tokens'), u32(9), u32(8), u64(1e9)]);
  expect(read('models/tiny.gguf', gguf({ 'general.name': 'Tiny' }, tail))).toHaveLength(1);
});

test.each([
  { header: { __metadata__: { format: 'pt' }, weight: { dtype: 'F16' } }, found: undefined, why: 'nothing names it' },
  {
    header: { __metadata__: { 'modelspec.title': 'Stable Thing', 'modelspec.license': 'MIT' } },
    found: [{ type: 'generic', name: 'Stable Thing', version: '', licenses: ['MIT'], properties: { kind: 'model' } }],
    why: 'the model metadata standard',
  },
])('safetensors: $why', ({ header, found }) => {
  expect(read('models/a.safetensors', safetensors(header))).toEqual(found);
});

test.each([
  { path: 'a.gguf', content: Buffer.from('GGML and more than that'), code: 'FILE_INVALID', why: 'another format' },
  { path: 'a.safetensors', content: Buffer.from('abc'), code: 'FILE_INVALID', why: 'too short' },
  { path: 'a.safetensors', content: u64(2 ** 40), code: 'LIMIT_EXCEEDED', why: 'a header of a terabyte' },
  { path: 'a.safetensors', content: Buffer.concat([u64(9), Buffer.from('{')]), code: 'FILE_INVALID', why: 'cut off' },
])('$code: $why', ({ path, content, code }) => {
  expect(() => read(path, content)).toThrow(expect.objectContaining({ code }));
});

const REF = 'root/.cache/huggingface/hub/models--google--flan-t5/refs/main';
const COMMIT = '0613663d0d48ea86ba8cb3d7a44f0f65dc596a2a';

test.each([
  { path: REF, claimed: true, why: 'a revision of a model' },
  { path: 'root/.cache/huggingface/hub/datasets--google--x/refs/main', claimed: false, why: 'a data set' },
  { path: 'root/.cache/huggingface/hub/models--google--flan-t5/blobs/0a1b', claimed: false, why: 'a blob' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(huggingFaceCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test('a downloaded model is known by its commit', () => {
  expect(readClaimed(huggingFaceCataloguer, REF, `${COMMIT}\n`)?.packages).toEqual([
    { type: 'huggingface', name: 'google/flan-t5', version: COMMIT, properties: { kind: 'model' } },
  ]);
  expect(() => readClaimed(huggingFaceCataloguer, REF, 'main')).toThrow(
    expect.objectContaining({ code: 'FILE_INVALID' }),
  );
});

test.each([
  { path: 'models/a.safetensors', claimed: true, why: 'a model in one file' },
  { path: 'models/a-00001-of-00030.safetensors', claimed: false, why: 'no part names the whole' },
  {
    path: 'root/.cache/huggingface/hub/models--google--flan-t5/snapshots/0a1b/model.safetensors',
    claimed: false,
    why: 'the references of the download cache name it',
  },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(modelCataloguer.claims(fileEntry(path))).toBe(claimed);
});
