/** Sources and store of a page. */
import type { ModelStore, Source } from '../types.ts';
import type { ModelFiles, SourceEnvironment, Wire, WireSource } from './files.ts';
import { openLocal } from './local.ts';
import { modelStore } from './model-store.ts';
import { viewOpfs } from './opfs.ts';
import { openOpfs } from './opfs-store.ts';
import { openRemote } from './remote.ts';
import { wireOf } from './wire.ts';
import { SottoError } from '../errors.ts';

/** Where the caller is. Addresses are relative to the page; what is none is a name of the catalogue. Throws invalid_argument. */
export const toWire = (source: Source): Promise<Wire> =>
  wireOf(source, (text) => {
    const base = globalThis.document?.baseURI ?? globalThis.location?.href;
    const isAddress = /[./]/.test(text) && URL.canParse(text, base);
    return isAddress ? { kind: 'url', url: new URL(text, base).href } : { kind: 'name', name: text };
  });

/** In the worker. Throws invalid_argument, not_found, io_error, cancelled. */
export async function openSource(wire: WireSource, environment: SourceEnvironment): Promise<ModelFiles> {
  if (wire.kind === 'url' || wire.kind === 'name') return openRemote(wire, environment, openOpfs);
  if (wire.kind === 'path') throw new SottoError('unsupported', 'a page has no paths', { where: 'source' });
  return openLocal(wire, environment);
}

export const models: ModelStore = /* @__PURE__ */ modelStore(viewOpfs, toWire);
