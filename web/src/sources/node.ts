/** Sources and store of Node. */
import { fileURLToPath } from 'node:url';
import type { ModelStore, Source } from '../types.ts';
import type { ModelFiles, SourceEnvironment, Wire, WireSource } from './files.ts';
import { openLocal } from './local.ts';
import { modelStore } from './model-store.ts';
import { findInCatalogue } from './names.ts';
import { openNodePath } from './node-path.ts';
import { openNodeStore } from './node-store.ts';
import { openRemote } from './remote.ts';
import { wireOf } from './wire.ts';

/** Where the caller is. Throws invalid_argument. */
export const toWire = async (source: Source): Promise<Wire> => {
  const { wire, transfer } = await wireOf(source, (text) =>
    findInCatalogue(text) ? { kind: 'name', name: text } : { kind: 'path', path: text },
  );
  const isFile = wire.kind === 'url' && wire.url.startsWith('file:');
  return { wire: isFile ? { kind: 'path', path: fileURLToPath(wire.url) } : wire, transfer };
};

/** In the worker. Throws invalid_argument, not_found, io_error, cancelled. */
export async function openSource(wire: WireSource, environment: SourceEnvironment): Promise<ModelFiles> {
  if (wire.kind === 'url' || wire.kind === 'name') return openRemote(wire, environment, openNodeStore);
  if (wire.kind === 'path') return openNodePath(wire.path, environment);
  return openLocal(wire, environment);
}

export const models: ModelStore = /* @__PURE__ */ modelStore(openNodeStore, toWire);
