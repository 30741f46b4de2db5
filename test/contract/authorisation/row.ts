/**
 * Who may use which route: one row for every route of the server. A route without a row fails the test, as does a row without a route.
 *
 * To add a route, add a row to the file of its API: its method and path as registered, who may use it, and, where the path has parameters
 * or the route takes a body, a function that makes the request. It is called anew for each who tries, so that what one removes is there for
 * the next; its body must be one that the route takes. A new API is a new file, named in all-rows.ts. A path that
 * ends in a star may have several rows, one for each thing it stands for.
 */
import type { OwnImage } from './own-image.ts';

/**
 * Who may use a route. Roles are in the namespace that the request is about (`world.own`), or everywhere; each includes those that may more.
 * `session`: whoever has signed in, and no API key. `sensor`: none of those here, for sensors, and Quay as a client of Clair's API, have secrets of their own.
 */
export type Audience =
  | 'everybody'
  | 'signed-in'
  | 'session'
  | 'viewer'
  | 'operator'
  | 'admin'
  | 'any namespace admin'
  | 'any namespace operator'
  | 'server viewer'
  | 'server operator'
  | 'server admin'
  | 'sensor';

/** What a request is made of. */
export interface SampleRequest {
  /** Values of the path's parameters. */
  readonly params?: Readonly<Record<string, string>>;
  /** What stands for the star at the end of a path. */
  readonly rest?: string;
  /** With its question mark. */
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where requests are made, and what is there to make them about. */
export interface SampleWorld {
  /** Id of the namespace that requests are about. */
  readonly own: string;
  /** An image in `own`. */
  readonly image: OwnImage;
  /** Id of another namespace. */
  readonly foreign: string;
  /** Whether this one tries with a session instead of a key. */
  readonly isBySession: boolean;
  /** A name that nothing has yet. */
  freshName(): string;
  /** Asks as whoever runs the server, and gives the body of the answer, which must be a success. */
  ask(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Begins a session; what a browser then sends with each request. */
  signIn(name: string, password: string): Promise<Readonly<Record<string, string>>>;
}

/** One route. */
export interface Row {
  readonly route: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  readonly for: Audience;
  /** Missing: the path as it is, without a body. */
  readonly request?: (world: SampleWorld) => Promise<SampleRequest> | SampleRequest;
  /** The answer is a page of things of namespaces: members of one see theirs, and nothing of the other. `request` makes one in `own`. */
  readonly isFiltered?: true;
  /** Whoever is let through waits for a sensor, of which there is none here; who is not is told at once. */
  readonly waits?: true;
}
