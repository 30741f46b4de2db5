/** Certificates for the golden tests: one that passes, an ordinary one that does not, and one made by somebody unkind. */
import { type Certificate, toCertificate } from '#certification/certificate.ts';
import { judgeGate, parseGate } from '#certification/gate.ts';
import { gradeOf } from '#certification/health-grade.ts';
import { runChecks } from '#certification/run-checks.ts';
import type { AdvisoryLookup } from '#matching/finding.ts';
import { sampleChange, sampleSubject } from '#certification/testing/sample-subject.ts';
import { ORDINARY } from '../../testdata/sample-inventory.ts';
import { ORDINARY_REPORT } from '../../scan/testdata/sample-report.ts';

const NOW = new Date('2025-07-01T00:00:00Z');
const PUBLISHED = new Date('2025-06-10T00:00:00Z');
/** Knows nothing of any day. */
const NOTHING: AdvisoryLookup = { find: () => [], covers: () => true, epss: () => undefined, kev: () => undefined };

const NAME = 'registry.example/acme/app:1.0';
const AS_ASKED = { policy: 'container', policyWhy: 'it has packages of rpm' } as const;

/** Nothing wrong. */
export const PASSED: Certificate = toCertificate({
  image: ORDINARY.image,
  name: NAME,
  ...AS_ASKED,
  results: runChecks(sampleSubject(), 'container'),
  gate: judgeGate([], parseGate('high'), { lookup: NOTHING, now: NOW, unknown: [] }),
  grade: gradeOf({ errata: [], since: PUBLISHED, now: NOW, unknown: [] }),
  objections: [],
});

/** A bit of everything. */
export const ORDINARY_CERTIFICATE: Certificate = toCertificate({
  image: ORDINARY.image,
  name: NAME,
  ...AS_ASKED,
  results: runChecks(
    sampleSubject({
      name: { text: NAME },
      tags: { kind: 'unknown', why: 'the registry said 403' },
      bases: [],
      layerCount: 41,
      config: { user: '0:0', labels: { name: 'shared-hat', vendor: 'Red Hat, Inc.', version: ' ' } },
      files: {
        changes: {
          changes: [sampleChange(), sampleChange({ path: 'usr/bin/sh', kind: 'removed' })],
          isComplete: true,
          removedFolders: [],
          reinstalledCount: 0,
        },
      },
    }),
    'container',
  ),
  gate: judgeGate(ORDINARY_REPORT.findings, parseGate('critical=7,high=30'), {
    lookup: NOTHING,
    now: NOW,
    unknown: ['3 packages cannot be judged: no advisories known for fedora 43'],
  }),
  grade: gradeOf({
    errata: [{ id: 'CVE-2024-5535', package: 'openssl', severity: 'critical', publishedAt: new Date('2025-06-20T10:00:00Z') }],
    since: PUBLISHED,
    now: NOW,
    unknown: ['3 packages cannot be judged: no advisories known for fedora 43'],
  }),
  objections: ['Its health grade is unknown, and B or better was asked for'],
});

const NASTY = '\u001b[31m"><script>alert(1)</script>\u202e\ud800';

/** Names and texts that try to get out. */
export const UNKIND_CERTIFICATE: Certificate = toCertificate({
  image: { ...ORDINARY.image, reference: NASTY },
  name: NASTY,
  policy: 'general',
  policyWhy: NASTY,
  results: runChecks(
    sampleSubject({
      name: { text: NASTY, repository: `acme/${NASTY} red hat`, tag: NASTY },
      tags: { kind: 'named', pointsHere: false },
      config: { user: `root:${NASTY}`, labels: { vendor: `Red Hat ${NASTY}` } },
      bases: [{ name: NASTY, layers: ['base', NASTY], isApproved: true, note: NASTY }],
      files: {
        licenses: { kind: 'elsewhere', path: NASTY },
        changes: {
          changes: [sampleChange({ path: `../../${NASTY}/http://x` })],
          isComplete: true,
          removedFolders: [],
          reinstalledCount: 0,
        },
      },
    }),
    'container',
  ),
  objections: [NASTY],
});
