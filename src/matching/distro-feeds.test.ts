import { expect, test } from 'vitest';
import { findDistroFeeds } from './distro-feeds.ts';
import { distro } from './testing/sample.ts';

const ecosystemsOf = (...[release, options]: Parameters<typeof findDistroFeeds>) =>
  findDistroFeeds(release, options).feeds.map(({ ecosystem }) => ecosystem);

test.each([
  { release: distro('debian', '12'), ecosystems: ['Debian:12'], why: 'the number of the release' },
  { release: distro('debian', '12.5'), ecosystems: ['Debian:12'], why: 'point releases share their advisories' },
  {
    release: distro('debian', undefined, { codename: 'forky' }),
    ecosystems: ['Debian:14'],
    why: 'testing has no number yet',
  },
  { release: distro('debian'), ecosystems: ['Debian:sid'], why: 'what says nothing is unstable' },
  { release: distro('raspbian', '11'), ecosystems: ['Debian:11'], why: 'Debian’s sources, rebuilt' },
  {
    release: distro('ubuntu', '22.04'),
    ecosystems: ['Ubuntu:22.04:LTS', 'Ubuntu:Pro:22.04:LTS'],
    why: 'long-term support is in the name',
  },
  {
    release: distro('ubuntu', '24.10'),
    ecosystems: ['Ubuntu:24.10', 'Ubuntu:Pro:24.10'],
    why: 'an October release is none of long-term support',
  },
  {
    release: distro('ubuntu', '23.04'),
    ecosystems: ['Ubuntu:23.04', 'Ubuntu:Pro:23.04'],
    why: 'nor is one of an odd year',
  },
  { release: distro('alpine', '3.19.4'), ecosystems: ['Alpine:v3.19'], why: 'branches have two numbers' },
  {
    release: distro('alpine', '3.23_alpha20250612'),
    ecosystems: ['Alpine:edge'],
    why: 'edge calls itself the next release',
  },
  { release: distro('wolfi', '20230201'), ecosystems: ['Wolfi'], why: 'rolling releases have no version' },
  {
    release: distro('chainguard', '20230214'),
    ecosystems: ['Chainguard', 'Wolfi'],
    why: 'its images take packages of Wolfi too',
  },
  { release: distro('almalinux', '9.1'), ecosystems: ['AlmaLinux:9'], why: 'by major release' },
  { release: distro('rocky', '8.9'), ecosystems: ['Rocky Linux:8'], why: 'its own feed, not Red Hat’s' },
  { release: distro('ol', '9.3'), ecosystems: ['Oracle Linux:9'], why: 'its own feed' },
  { release: distro('amzn', '2023'), ecosystems: ['Amazon Linux:2023'], why: 'named for the year' },
  { release: distro('amzn', '2'), ecosystems: ['Amazon Linux:2'], why: 'named for a number' },
  { release: distro('amzn', '2018.03'), ecosystems: ['Amazon Linux:1'], why: 'the first one had dates' },
  {
    release: distro('opensuse-leap', '15.6'),
    ecosystems: ['openSUSE:Leap 15.6', 'SUSE:Package Hub 15 SP6'],
    why: 'products, not numbers',
  },
  { release: distro('opensuse-tumbleweed', '20260101'), ecosystems: ['openSUSE:Tumbleweed'], why: 'rolling' },
  { release: distro('sle-micro', '5.5'), ecosystems: ['SUSE:Linux Enterprise Micro 5.5'], why: 'no modules' },
  { release: distro('sl-micro', '6.0'), ecosystems: ['SUSE:Linux Micro 6.0'], why: 'renamed' },
  {
    release: distro('sles', '16.0'),
    ecosystems: ['SUSE:Linux Enterprise Server 16.0'],
    why: 'no service packs since 16',
  },
  { release: distro('azurelinux', '3.0'), ecosystems: ['Azure Linux:3'], why: 'by major release' },
  { release: distro('mariner', '2.0'), ecosystems: ['Azure Linux:2'], why: 'the same under its former name' },
  { release: distro('photon', '5.0'), ecosystems: ['Photon OS:5.0'], why: 'two numbers' },
  { release: distro('mageia', '9'), ecosystems: ['Mageia:9'], why: 'by number' },
  {
    release: distro('openeuler', '22.03', { name: 'openEuler 22.03 (LTS-SP3)' }),
    ecosystems: ['openEuler:22.03-LTS-SP3'],
    why: 'the service pack is only in the name',
  },
  { release: distro('fedora', '43'), ecosystems: ['Fedora:43'], why: 'nobody publishes it, which the database knows' },
  {
    release: distro('linuxmint', '21', { idLike: ['ubuntu', 'debian'] }),
    ecosystems: [],
    why: 'a derivative is not its parent',
  },
  { release: distro('centos', '7', { idLike: ['rhel', 'fedora'] }), ecosystems: [], why: 'nor is a rebuild' },
])('$release.name asks $ecosystems: $why', ({ release, ecosystems }) => {
  expect(ecosystemsOf(release)).toEqual(ecosystems);
});

test('Red Hat asks the repositories of the main stream, and flaws of the release as a whole', () => {
  expect(ecosystemsOf(distro('rhel', '9.4'))).toEqual([
    'Red Hat:enterprise_linux:9',
    'Red Hat:enterprise_linux:9.4',
    'Red Hat:enterprise_linux:9::baseos',
    'Red Hat:enterprise_linux:9::appstream',
    'Red Hat:enterprise_linux:9::crb',
    'Red Hat:enterprise_linux:9.4::baseos',
    'Red Hat:enterprise_linux:9.4::appstream',
    'Red Hat:enterprise_linux:9.4::crb',
  ]);
  expect(ecosystemsOf(distro('rhel', '7.9'))).toContain('Red Hat:enterprise_linux:7::server');
});

test('an image that says where its packages are from asks there and nowhere else', () => {
  const redHatPlatforms = ['rhel_eus:9.2::appstream'];
  expect(ecosystemsOf(distro('rhel', '9.2'), { redHatPlatforms })).toEqual(['Red Hat:rhel_eus:9.2::appstream']);
});

test('SUSE Linux Enterprise asks every module that its base images have, and long-term support as something to be bought', () => {
  const { feeds } = findDistroFeeds(distro('sles', '15.5'));
  const names = feeds.map(({ ecosystem }) => ecosystem);
  expect(names).toContain('SUSE:Linux Enterprise Server 15 SP5');
  expect(names).toContain('SUSE:Linux Enterprise Module for Basesystem 15 SP5');
  expect(names).toContain('SUSE:Linux Enterprise Module for Server Applications 15 SP5');
  expect(feeds.filter(({ subscription }) => subscription !== undefined).map(({ ecosystem }) => ecosystem)).toEqual([
    'SUSE:Linux Enterprise Server 15 SP5-LTSS',
  ]);
});

test('a rebuild of Red Hat’s is judged by Red Hat’s advisories only when that is asked for', () => {
  const centos = distro('centos', '7', { idLike: ['rhel', 'fedora'] });
  expect(ecosystemsOf(centos, { allowsParent: true })).toContain('Red Hat:enterprise_linux:7');
  expect(findDistroFeeds(centos).label).toBe('centos 7 (derived from rhel fedora)');
});

test('who has Ubuntu Pro gets its word first, who has not gets it as something to be bought', () => {
  const [plain, pro] = findDistroFeeds(distro('ubuntu', '20.04')).feeds;
  expect([plain?.rank, pro?.rank, pro?.subscription]).toEqual([0, 1, 'Ubuntu Pro']);
  const [after, first] = findDistroFeeds(distro('ubuntu', '20.04'), { hasUbuntuPro: true }).feeds;
  expect([first?.rank, after?.rank, first?.subscription]).toEqual([0, 1, undefined]);
});
