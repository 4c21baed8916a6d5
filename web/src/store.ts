/** `models` of a page: asked of a worker that lives as long as the answer takes, so that a page carries no code of the store. */
import { Client } from './client.ts';
import type { Port } from './client.ts';
import { SottoError } from './errors.ts';
import type { Method, Params, Value } from './protocol.ts';
import type { Wire } from './sources/files.ts';
import type { ModelStore, Source } from './types.ts';

export function makeStore(spawn: () => Port, toWire: (source: Source) => Promise<Wire>): ModelStore {
  /** Addresses are relative to the page, not to the worker. */
  async function idOf(source: string | URL): Promise<string> {
    if (typeof source !== 'string' && !(source instanceof URL))
      throw new SottoError('invalid_argument', 'models are stored by a name or a URL', { where: 'source' });
    const { wire } = await toWire(source);
    return wire.kind === 'url' ? wire.url : wire.kind === 'name' ? wire.name : String(source);
  }
  async function ask<M extends Method>(method: M, params: Params<M>): Promise<Value<M>> {
    const client = new Client(spawn());
    try {
      return await client.call(method, params);
    } finally {
      await client.close();
    }
  }
  return {
    list: () => ask('storeList', null),
    has: async (source) => ask('storeHas', await idOf(source)),
    delete: async (source) => ask('storeDelete', await idOf(source)),
    clear: async () => void (await ask('storeClear', null)),
    usage: () => ask('storeUsage', null),
  };
}
