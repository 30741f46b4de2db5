/** From the header of a model, or from the cache it was downloaded to, to a package. */
import { declaredLicenses, declaredProperties, declaredText } from '../declared.ts';
import type { FoundPackage } from '../package.ts';

/** What a header says of its model; every part may be missing. */
export interface ModelFields {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly license?: unknown;
  readonly architecture?: unknown;
  readonly repository?: unknown;
}

/**
 * The model of one file; `undefined` when its header does not name it. Models seldom have a version: it is empty then. One that says
 * where on Hugging Face it is from goes by that name.
 */
export function toModel(fields: ModelFields): FoundPackage | undefined {
  const repository = /^(?:https:\/\/huggingface\.co\/)?([\w.-]{1,100}\/[\w.-]{1,100})$/.exec(
    declaredText(fields.repository) ?? '',
  )?.[1];
  const name = repository ?? declaredText(fields.name);
  if (name === undefined) return undefined;
  return {
    type: repository === undefined ? 'generic' : 'huggingface',
    name,
    version: declaredText(fields.version) ?? '',
    ...declaredLicenses([fields.license]),
    ...declaredProperties({ kind: 'model', architecture: declaredText(fields.architecture) }),
  };
}

/** The model that a download cache of Hugging Face holds: `models--org--name/refs/main` with the commit inside. */
export function toDownloadedModel(folder: string, commit: string): FoundPackage {
  const name = folder.slice('models--'.length).replaceAll('--', '/');
  return { type: 'huggingface', name, version: commit, ...declaredProperties({ kind: 'model' }) };
}
