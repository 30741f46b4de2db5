/**
 * A file of Alpine's security database and of those who took the form over: Wolfi, Chainguard, MinimOS, Echo.
 *
 * Source: secdb.alpinelinux.org, `{v3.x,edge}/{main,community}.json`. Lists are checked entry by entry where they are read.
 */
import * as z from 'zod';

export const secdbSchema = z.object({
  /** `v3.19`, `edge`; missing where there is only one. */
  distroversion: z.string().max(50).nullish(),
  /** `main`, `community`; `os` at Wolfi. */
  reponame: z.string().max(100).nullish(),
  urlprefix: z.string().max(500).nullish(),
  /** Missing or null in a repository without packages. */
  packages: z.array(z.unknown()).nullish(),
});

export const packageSchema = z.object({
  pkg: z.object({
    /** The origin package. */
    name: z.string().min(1).max(200),
    /** First fixed version to what it fixes; `0` means never affected. */
    secfixes: z.record(z.string(), z.unknown()).nullish(),
  }),
});
