/**
 * Julia packages that Pkg unpacked into a depot. The standard library lies elsewhere and has Julia's version.
 */
import type { Cataloguer } from '../cataloguer.ts';
import { bodyText } from '../file-body.ts';
import { toPackage } from './package.ts';
import { parseProject } from './parse-project.ts';

const MAX_BYTES = 1024 * 1024;

export const juliaCataloguer: Cataloguer = {
  id: 'julia',
  version: 1,
  maxBytes: MAX_BYTES,
  claims: ({ name, path }) => (name === 'Project.toml' || name === 'JuliaProject.toml') && isInstalled(path),
  read(file) {
    const row = parseProject(bodyText(file.body, MAX_BYTES));
    return row && { packages: [toPackage(row)] };
  },
};

/** `packages/NAME/SLUG/`, where the slug is four or five letters and digits made from the content. */
function isInstalled(path: string): boolean {
  const [packages, , slug = ''] = path.split('/').slice(-4);
  return packages === 'packages' && /^[A-Za-z0-9]{4,5}$/.test(slug);
}
