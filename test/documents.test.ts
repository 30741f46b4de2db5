/**
 * What the documents say of the code is compared with the code: names of files, options, cataloguers and dependencies.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { SERVER_SETTINGS } from '#base/settings-table.ts';
import { runCli } from '#cli/program.ts';
import { PROGRAM_RULES } from '#inventory/program/rules.ts';
import { cataloguers } from '#scan/cataloguers.ts';
import manifest from '../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter(name => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => join('docs', name)),
];

test.each(DOCUMENTS)('%s links to files that are there', document => {
  const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(match => match[1] ?? '');
  expect(links.filter(link => !existsSync(join(ROOT, dirname(document), link)))).toEqual([]);
});

test.each(DOCUMENTS)('%s names files that are there', document => {
  const names = [...read(document).matchAll(/`((?:src|test|bench|bin|docs)\/[\w./-]+)`/g)].map(match => match[1] ?? '');
  expect(names.filter(name => !existsSync(join(ROOT, name)))).toEqual([]);
});

test('ARCHITECTURE.md has every folder of src in its table of floors', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory());
  const table = sectionOf(read('ARCHITECTURE.md'), 'Floors');
  expect(folders.map(entry => entry.name).filter(name => !table.includes(`\`${name}\``))).toEqual([]);
});

test('decisions are numbered without a hole, and each has its four parts', () => {
  const names = readdirSync(join(ROOT, 'docs/adr')).sort();
  expect(names.map(name => Number(name.slice(0, 4)))).toEqual(names.map((_, at) => at + 1));
  const parts = ['Context', 'Decision', 'What we gave up', 'When to look again'];
  for (const name of names) {
    const titles = [...read(`docs/adr/${name}`).matchAll(/^## (.+)$/gm)].map(match => match[1]);
    expect({ name, titles }).toEqual({ name, titles: parts });
  }
});

test.each([
  { command: 'plimsoll', args: ['--help'] },
  { command: 'plimsoll scan', args: ['scan', '--help'] },
  { command: 'plimsoll sbom', args: ['sbom', '--help'] },
  { command: 'plimsoll certify', args: ['certify', '--help'] },
  { command: 'plimsoll submit', args: ['submit', '--help'] },
  { command: 'plimsoll base-image', args: ['base-image', 'add', '--help'] },
  { command: 'plimsoll db', args: ['db', '--help'] },
  { command: 'plimsoll db update', args: ['db', 'update', '--help'] },
  { command: 'plimsoll db import', args: ['db', 'import', '--help'] },
  { command: 'plimsoll db status', args: ['db', 'status', '--help'] },
  { command: 'plimsoll db show', args: ['db', 'show', '--help'] },
  { command: 'plimsoll db export', args: ['db', 'export', '--help'] },
  { command: 'plimsoll db pull', args: ['db', 'pull', '--help'] },
  { command: 'plimsoll serve', args: ['serve', '--help'] },
  { command: 'plimsoll sensor', args: ['sensor', '--help'] },
])('docs/cli.md lists the options of "$command", no more and no fewer', async ({ command, args }) => {
  const help = await helpOf(args);
  const inHelp = optionsInHelp(help);
  expect(inHelp).toContain('-h, --help');
  expect(optionsInSection(command)).toEqual(inHelp);
});

const ASKING = [
  '-f, --format <format>',
  '--server <url>',
  '--api-key-file <file>',
  '--ca-file <file>',
  '--allow-http',
  '--verbose',
  '-h, --help',
];

test.each([
  { command: 'plimsoll build', of: 'list' },
  { command: 'plimsoll project', of: 'show' },
])('docs/cli.md lists the options that the commands of "$command" share', async ({ command, of }) => {
  const all = optionsInHelp(await helpOf([...command.split(' ').slice(1), of, '--help']));
  expect(optionsInSection(command)).toEqual(ASKING);
  expect(all).toEqual(expect.arrayContaining(ASKING));
});

test.each([
  { command: 'plimsoll project create' },
  { command: 'plimsoll project list' },
  { command: 'plimsoll project set' },
  { command: 'plimsoll project registry-key' },
  { command: 'plimsoll project images' },
  { command: 'plimsoll project publish' },
  { command: 'plimsoll project unpublish' },
  { command: 'plimsoll build configure' },
  { command: 'plimsoll build add' },
  { command: 'plimsoll build list' },
  { command: 'plimsoll build show' },
  { command: 'plimsoll build follow' },
  { command: 'plimsoll build log' },
  { command: 'plimsoll build cancel' },
  { command: 'plimsoll build retry' },
])('docs/cli.md lists the options of "$command" besides those that are shared', async ({ command }) => {
  const all = optionsInHelp(await helpOf([...command.split(' ').slice(1), '--help']));
  expect(optionsInSection(command)).toEqual(all.filter(option => !ASKING.includes(option)));
});

test('docs/cli.md says which options of "plimsoll build configure" are those of "plimsoll build test"', async () => {
  const configure = optionsInSection('plimsoll build configure');
  const from = configure.indexOf('--source <url>');
  const source = configure.slice(from, configure.indexOf('--lfs <bool>') + 1);
  const all = optionsInHelp(await helpOf(['build', 'test', '--help']));
  expect(all).toEqual(['--project <project>', ...source, ...ASKING]);
});

test('docs/cli.md has a section for every command', async () => {
  const help = await helpOf(['--help']);
  const listed = help.slice(help.indexOf('\nCommands:'), help.indexOf('\nExamples:'));
  const commands = [...listed.matchAll(/^ {2}([a-z-]+)/gm)].map(match => match[1]).filter(name => name !== 'help');
  const titles = [...read('docs/cli.md').matchAll(/^## plimsoll ([a-z-]+)$/gm)].map(match => match[1]);
  expect(titles).toEqual(commands);
});

test('deploy/ and its document name settings that there are, and the version that this is', () => {
  const files = ['deploy/Dockerfile', 'deploy/compose.yaml', 'deploy/plimsoll.service', 'docs/deploy.md'];
  const known = new Set<string>(Object.values(SERVER_SETTINGS).map(({ env }) => env));
  const named = files.flatMap(file => read(file).match(/PLIMSOLL_[A-Z_]+/g) ?? []);
  expect(named.filter(name => !known.has(name))).toEqual([]);
  expect(read('deploy/Dockerfile')).toContain(`ARG VERSION=${manifest.version}\n`);
  expect(parse(read('deploy/compose.yaml'))).toMatchObject({ services: { plimsoll: {}, database: {} } });
});

test('docs/cataloguers.md has one row for every cataloguer', () => {
  const rows = [...read('docs/cataloguers.md').matchAll(/^\| `([a-z-]+)`/gm)].map(match => match[1]);
  const ids = [...cataloguers.byPath, ...cataloguers.byMagic].map(cataloguer => cataloguer.id);
  expect(rows.toSorted()).toEqual(ids.toSorted());
});

test('docs/cataloguers.md names every program that is known by its version string', () => {
  const [, list = ''] = read('docs/cataloguers.md').split('rules.ts`):');
  const names = [...new Set(PROGRAM_RULES.map(rule => rule.name))].toSorted();
  expect(list.trim().replace(/\s+/g, ' ')).toBe(`${names.join(', ')}.`);
});

test('docs/dependencies.md gives a reason for every dependency, and for no other', () => {
  const page = read('docs/dependencies.md');
  const listed = (title: string) =>
    sectionOf(page, title)
      .split('\n')
      .flatMap(line => [...(/^\|([^|]+)\|/.exec(line)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1]))
      .toSorted();
  expect(listed('At run time')).toEqual(Object.keys(manifest.dependencies).toSorted());
  expect(listed('For development')).toEqual(Object.keys(manifest.devDependencies).toSorted());
});

function optionsInHelp(help: string): readonly string[] {
  const options = help.slice(
    help.indexOf('\nOptions:'),
    help.includes('\nCommands:') ? help.indexOf('\nCommands:') : undefined,
  );
  return [...options.matchAll(/^ {2}((?:-\w, )?--[a-z-]+(?: <[^>]+>)?)(?= {2}|$)/gm)].map(match => match[1] ?? '');
}

function optionsInSection(title: string): readonly string[] {
  const section = sectionOf(read('docs/cli.md'), title);
  return [...section.matchAll(/^\| `((?:-\w, )?--[^`]+)`/gm)].map(match => match[1] ?? '');
}

/** The text below `## title`, up to the next title of that level. */
function sectionOf(page: string, title: string): string {
  return page.split(/^## /m).find(section => section.startsWith(`${title}\n`)) ?? '';
}

async function helpOf(args: readonly string[]): Promise<string> {
  const stdout = Object.assign(new PassThrough(), { columns: 200 });
  const stderr = new PassThrough();
  const status = await runCli(args, {
    env: {},
    stdout,
    stderr,
    signal: new AbortController().signal,
    version: '0',
    now: () => new Date(0),
  });
  expect(status).toBe(0);
  return String(stdout.read());
}
