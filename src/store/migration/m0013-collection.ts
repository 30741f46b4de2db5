/** Packages that nothing has any more are removed: what changed of them must be found by them. */
export const statements: readonly string[] = ['CREATE INDEX finding_change_package ON finding_change (package_id)'];
