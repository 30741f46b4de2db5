/**
 * Models of machine learning: GGUF and safetensors files by their headers, and the download cache of Hugging Face's hub.
 *
 * Model files are gigabytes, and all that names them is at their beginning. In the cache the files are links to nameless blobs;
 * `refs/` says which commit of which model they are.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toDownloadedModel, toModel } from './package.ts';
import { parseGguf } from './parse-gguf.ts';
import { headerBytes, parseSafetensors } from './parse-safetensors.ts';

/** Larger than any model there is. */
const MAX_BYTES = 16 * 1024 ** 4;
/** Room for the header of a safetensors file of thousands of tensors. */
const HEAD_BYTES = 32 * 1024 * 1024;
/** Enough for all of GGUF's text fields. */
const GGUF_BYTES = 256 * 1024;

export const modelCataloguer: Cataloguer = {
  id: 'model',
  version: 1,
  maxBytes: MAX_BYTES,
  headBytes: HEAD_BYTES,
  claims: ({ name, path }) =>
    (name.endsWith('.gguf') || (name.endsWith('.safetensors') && !isShard(name))) && !path.includes('/models--'),
  read(file) {
    if (file.name.endsWith('.gguf')) {
      const header = parseGguf(file.body.read(0, GGUF_BYTES));
      const found = toModel({
        name: header.get('general.name'),
        version: header.get('general.version'),
        license: header.get('general.license'),
        architecture: header.get('general.architecture'),
        repository: header.get('general.source.huggingface.repository') ?? header.get('general.repo_url'),
      });
      return found && { packages: [found] };
    }
    const metadata = parseSafetensors(file.body.read(0, headerBytes(file.body.read(0, 8))));
    // Stability AI's "model metadata standard"; other writers leave only `format`.
    const found = toModel({
      name: metadata['modelspec.title'],
      license: metadata['modelspec.license'],
      architecture: metadata['modelspec.architecture'],
    });
    return found && { packages: [found] };
  },
};

/** `model-00001-of-00030.safetensors`: none of the parts names the whole. */
function isShard(name: string): boolean {
  return /-of-\d{1,9}\.safetensors$/.test(name);
}

const MAX_REF_BYTES = 1024;

export const huggingFaceCataloguer: Cataloguer = {
  id: 'huggingface',
  version: 1,
  maxBytes: MAX_REF_BYTES,
  claims: ({ path }) => path.includes('models--') && folderOf(path) !== undefined,
  read(file) {
    const commit = bodyText(file.body, MAX_REF_BYTES).trim();
    const folder = folderOf(file.path);
    if (folder === undefined || !/^[0-9a-f]{40}$/.test(commit)) {
      throw new PlimsollError('FILE_INVALID', 'It holds no commit of a model');
    }
    return { packages: [toDownloadedModel(folder, commit)] };
  },
};

/** `models--org--name` of a path that ends in `models--org--name/refs/REVISION`. */
function folderOf(path: string): string | undefined {
  const [folder, refs] = path.split('/').slice(-3);
  return refs === 'refs' && folder !== undefined && /^models--[\w.-]+$/.test(folder) ? folder : undefined;
}
