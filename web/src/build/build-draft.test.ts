/** Between the form of the build service and the API. */
import { expect, test } from 'vitest';
import { draftOf, toBody } from './build-draft.ts';

test('a new one begins with what most have', () => {
  expect(toBody({ ...draftOf(null), url: ' https://git.example/app.git ' })).toEqual({
    isEnabled: true,
    source: { url: 'https://git.example/app.git', ref: '', wantsSubmodules: false, wantsLfs: false },
    login: { kind: 'none' },
    dockerfile: 'Dockerfile',
    context: '.',
    platforms: [],
    arguments: {},
    autoRebuild: true,
    autoPublish: false,
  });
});

test('arguments keep their values unless another is given; a value may have an equals sign and spaces', () => {
  const buildArguments = 'KEPT\nBASE = debian:12\n\n OPTIONS=-a=b c ';
  expect(toBody({ ...draftOf(null), buildArguments }).arguments).toEqual({
    KEPT: null,
    BASE: ' debian:12',
    OPTIONS: '-a=b c',
  });
});

test('secrets go along only where their kind was chosen', () => {
  const draft = { ...draftOf(null), token: ' t ', privateKey: 'k\n' };
  expect(toBody(draft).login).toEqual({ kind: 'none' });
  expect(toBody({ ...draft, login: 'token' }).login).toEqual({ kind: 'token', token: 't' });
  expect(toBody({ ...draft, login: 'ssh-key' }).login).toEqual({ kind: 'ssh-key', privateKey: 'k\n' });
  expect(toBody({ ...draft, forgetsHostKeys: true }).hostKeys).toBeNull();
});
