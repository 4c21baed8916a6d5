/** The entry for pages: bundlers, import maps, plain script tags. */
import { makeApi } from './api.ts';
import { importing } from './scripts.ts';
import { toWire } from './sources/web.ts';
import { blobWorker, WebPort } from './spawn-web.ts';
import { makeStore } from './store.ts';
import type { InspectOptions, Inspection, LoadOptions, Model, ModelStore, Plan, Source } from './types.ts';

function makeWorker(baseUrl: string | URL | undefined): Worker {
  const here = baseUrl === undefined ? import.meta.url : new URL(baseUrl, location.href).href;
  // A bundler knows by this very expression where it puts the worker. A `file:` address is one that it has left in.
  const isBundled = here.startsWith('file:') && location.protocol !== 'file:';
  if (baseUrl === undefined && (isBundled || isSameOrigin(here)))
    return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  const url = new URL('worker.js', here).href;
  return isSameOrigin(here) ? new Worker(url, { type: 'module' }) : blobWorker(importing(url));
}

const isSameOrigin = (url: string): boolean => new URL(url).origin === location.origin;

const spawn = (baseUrl?: string | URL): WebPort => new WebPort(() => makeWorker(baseUrl));
const api = /* @__PURE__ */ makeApi({ spawn, toWire });
/** Loads a model into a worker of its own. Errors: those of the source (not_found, io_error, integrity_error), bad_model,
 * unsupported, out_of_memory, invalid_argument, cancelled, deadline_exceeded, worker_lost. */
export const load: (source: Source, options?: LoadOptions) => Promise<Model> = api.load;

/** What is in a model, from its headers alone. */
export const inspect: (source: Source, options?: InspectOptions) => Promise<Inspection> = api.inspect;

/** Exactly how many bytes load() with these options will take, and how many it will download. */
export const plan: (source: Source, options?: LoadOptions) => Promise<Plan> = api.plan;

/** What is kept of downloads. */
export const models: ModelStore = /* @__PURE__ */ makeStore(spawn, toWire);
export { SottoError } from './errors.ts';
export { version } from './version.ts';
export type * from './types.ts';
