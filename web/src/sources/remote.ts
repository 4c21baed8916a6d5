/** Opens a model that comes over the network or, once it was downloaded, from the store. */
import { SottoError } from '../errors.ts';
import type { ModelFiles, SourceEnvironment, WireSource } from './files.ts';
import { makeNetwork, stopped } from './http.ts';
import { reasonOf } from './kept.ts';
import { originOfEntry, originOfUrl, originOnHub, type Origin } from './origin.ts';
import { newRecord, readRecord } from './record.ts';
import { RemoteModel } from './remote-model.ts';
import type { Store, StoreOpener } from './store.ts';

const defaultHub = 'https://huggingface.co';

export type RemoteWire = Extract<WireSource, { kind: 'url' | 'name' }>;

/** Throws invalid_argument, not_found, io_error, cancelled. */
export async function openRemote(wire: RemoteWire, environment: SourceEnvironment, openStore: StoreOpener): Promise<ModelFiles> {
  const { options, signal, onWarning } = environment;
  const hub = (options.hubUrl ?? defaultHub).replace(/\/+$/, '');
  if (!/^https?:\/\/[^/]/.test(hub)) throw new SottoError('invalid_argument', `'${hub}' is not a URL`, { where: 'hubUrl' });
  const isUrl = wire.kind === 'url';
  const id = isUrl ? wire.url : wire.name;
  let store: Store | undefined;
  // What a page made itself (blob:, data:) is not stored.
  if (options.storage !== 'none' && (!isUrl || /^https?:/i.test(id))) {
    store = await openStore().catch((error) => {
      onWarning?.(`not stored: ${reasonOf(error)}`);
      return undefined;
    });
  }
  const record = (store && (await readRecord(store, id).catch(() => undefined))) ?? newRecord(id);

  // Closing the model ends its requests, as the signal does.
  const controller = new AbortController();
  const stop = () => controller.abort(stopped(signal));
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const network = makeNetwork(environment, hub, controller.signal);
  const end = () => {
    signal.removeEventListener('abort', stop);
    controller.abort(new SottoError('closed', 'the model is closed'));
  };
  try {
    const { sha256 } = options;
    let origin: Origin;
    if (isUrl) origin = originOfUrl(id, sha256);
    else if (id.startsWith('hf:')) origin = originOnHub(id, { hub, network, store, sha256, commit: record.commit });
    else origin = originOfEntry(id, hub, sha256);
    record.first ||= await origin.first();
    return new RemoteModel({ origin, environment, network, store, record, end });
  } catch (error) {
    end();
    throw error;
  }
}
