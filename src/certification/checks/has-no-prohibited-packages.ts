/** HasNoProhibitedPackages: nothing of the kernel, which containers do not run, and whose packages may not be passed on. */
import { countOf } from '#base/count-of.ts';
import { type Check, type CheckFact, firstFacts } from '../check.ts';

export const hasNoProhibitedPackages: Check = {
  name: 'HasNoProhibitedPackages',
  level: 'best',
  description: 'No packages of the kernel, of boot loaders or of firmware are installed',
  why: 'A container runs the kernel of its host, so they only add weight and weaknesses; and a subscription is needed to pass them on',
  fix: 'Remove them in the step that installs them: dnf remove PACKAGE; usually something pulled them in as a weak dependency',
  judge({ inventory, files, settings: { prohibitedPackages } }) {
    const isUnread = files.unread.length > 0;
    if (files.rpmDatabases.length === 0) {
      return {
        outcome: 'error',
        summary: isUnread ? 'The rpm database could not be read' : 'The image has no rpm database',
        found: [],
        fix: 'An image that is not built from packages of rpm needs another policy: scratch for one without a distribution, general for other distributions',
      };
    }
    const isProhibited = (name: string) =>
      prohibitedPackages.some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
    const wrong = inventory.packages.filter(
      one => one.type === 'rpm' && one.root === undefined && isProhibited(one.name),
    );
    const facts: CheckFact[] = wrong.map(({ name, version, layer }) => {
      const at = inventory.image.layers.findIndex(({ digest }) => digest === layer);
      return { kind: 'package', subject: `${name} ${version}`, ...(at === -1 ? {} : { layer: at + 1 }) };
    });
    if (wrong.length > 0) {
      const names = [...new Set(wrong.map(({ name }) => name))];
      return {
        outcome: 'failed',
        summary: `${countOf(names.length, 'package')} that may not be shipped: ${names.join(', ')}`,
        found: firstFacts(facts),
        fix: `Remove them in the step that installs them: dnf remove ${names.slice(0, 10).join(' ')}`,
      };
    }
    if (isUnread) {
      return { outcome: 'error', summary: `Nothing prohibited was found, but not everything could be read`, found: [] };
    }
    const isNdb = files.rpmDatabases.every(path => path.endsWith('/Packages.db'));
    return {
      outcome: 'passed',
      summary: 'None of the prohibited packages is installed',
      found: [],
      ...(isNdb
        ? { differsFromPreflight: 'Preflight does not look for databases of the ndb format and gives an error' }
        : {}),
    };
  },
};
