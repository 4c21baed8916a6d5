/** The single-file entry: worker, core and wasm lie inside. For pages that cannot serve more than one script; needs `blob:` in
 * the page's script-src and worker-src. One variant, SIMD128. */
import { makeApi } from './api.ts';
import type * as Index from './index.ts';
import { SottoError } from './errors.ts';
import { glueSource, wasmText, workerSource } from './inlined.ts';
import { scriptBlob } from './scripts.ts';
import { toWire } from './sources/web.ts';
import { blobWorker, WebPort } from './spawn-web.ts';
import { makeStore } from './store.ts';

/** Compressed first, base64 costs next to nothing in a compressed transfer. */
const wasmBytes = (): ArrayBuffer => Uint8Array.from(atob(wasmText), (character) => character.charCodeAt(0)).buffer;

function spawn(baseUrl?: string | URL): WebPort {
  if (baseUrl !== undefined) throw new SottoError('invalid_argument', 'this entry carries its files', { where: 'baseUrl' });
  return new WebPort(() => blobWorker(workerSource), { glue: scriptBlob(glueSource), wasmGzip: wasmBytes() });
}

const api = /* @__PURE__ */ makeApi({ spawn, toWire });
export const load: typeof Index.load = api.load;
export const inspect: typeof Index.inspect = api.inspect;
export const plan: typeof Index.plan = api.plan;
export const models: typeof Index.models = /* @__PURE__ */ makeStore(spawn, toWire);

export { SottoError };
export { version } from './version.ts';
export type * from './types.ts';
