/** The files of a model that comes over the network: from the store where they are whole, else downloaded and kept. */
import { Download } from './download.ts';
import { SottoError } from '../errors.ts';
import type { ModelFiles, OpenFile, SourceEnvironment } from './files.ts';
import { stopped, type Network } from './http.ts';
import { Kept, reasonOf } from './kept.ts';
import type { Origin, Place } from './origin.ts';
import { Passage, Passages, inputOf } from './passage.ts';
import { readRecord, removeRecord, writeRecord, type ModelRecord } from './record.ts';
import type { Store } from './store.ts';

export interface RemoteContext {
  origin: Origin;
  environment: SourceEnvironment;
  network: Network;
  store: Store | undefined;
  record: ModelRecord;
  /** Ends all requests. */
  end(): void;
}

export class RemoteModel implements ModelFiles {
  readonly id: string;
  readonly first: string;
  readonly #context: RemoteContext;
  readonly #passages: Passages;
  #keeps: boolean;
  #saved: string;

  constructor(context: RemoteContext) {
    this.#context = context;
    this.#passages = new Passages(context.network.signal, (name, offset) => this.#find(name, offset));
    this.id = context.origin.id;
    this.first = context.record.first;
    this.#keeps = context.store !== undefined && !context.environment.peek;
    this.#saved = JSON.stringify(context.record);
  }

  open(name: string, offset: number): Promise<OpenFile | undefined> {
    return this.#passages.open(name, offset);
  }

  async downloadBytes(name: string): Promise<number> {
    const { origin, record, store } = this.#context;
    const recorded = record.files[name];
    if (!recorded && this.#isAbsent(name)) return 0;
    const stored = await store?.stat(recorded?.key ?? (await origin.key(name)));
    if (stored?.isWhole) return 0;
    const place = recorded ? undefined : await origin.place(name);
    const size = recorded?.bytes ?? place?.size ?? (place && (await this.#passages.get(name, 0))?.input.size) ?? 0;
    return Math.max(0, size - (stored?.bytes ?? 0));
  }

  async commit(): Promise<void> {
    const { found, absent } = await this.#passages.drain();
    const { record, store } = this.#context;
    if (!this.#keeps || !store) return;
    for (const [name, { key }] of Object.entries(record.files))
      if (!found.includes(name) && !(await store.stat(key))?.isWhole) delete record.files[name];
    record.absent = absent;
    record.complete = found.every((name) => record.files[name]);
    await this.#save();
  }

  async close(): Promise<void> {
    this.#context.end();
    await this.#passages.close();
  }

  #isAbsent(name: string): boolean {
    const { record } = this.#context;
    return record.complete && record.absent.includes(name);
  }

  async #find(name: string, offset: number): Promise<Passage | undefined> {
    if (this.#isAbsent(name)) return undefined;
    const { origin, record, store, network } = this.#context;
    for (let tries = 0; ; ++tries) {
      const stored = store && (await this.#openStored(name, store));
      if (stored) return stored;
      const place = await origin.place(name);
      if (!place) {
        if (name !== this.first) return undefined;
        throw new SottoError('not_found', `${this.id} has no file ${name}`, { where: name });
      }
      if (!store || !this.#keeps) return this.#openDownload(name, offset, place);
      const key = await origin.key(name);
      const part = await store.openPart(key, network.signal).catch((error) => this.#lose(name, error));
      if (part) return this.#openDownload(name, 0, place, key, new Kept(part, store, (error) => this.#lose(name, error)));
      // Somebody else has downloaded it meanwhile.
      Object.assign(record.files, (await readRecord(store, this.id))?.files);
      if (tries > 1) this.#lose(name, new Error('the stored file cannot be read'));
    }
  }

  /** A file that is whole in the store. It is hashed where its hash was given, or is known and was never compared. */
  async #openStored(name: string, store: Store): Promise<Passage | undefined> {
    const { origin, record, environment } = this.#context;
    const { peek, options } = environment;
    const recorded = record.files[name];
    const place = recorded ? undefined : await origin.place(name);
    if (!recorded && !place) return undefined;
    const key = recorded?.key ?? (await origin.key(name));
    const whole = await store.openWhole(key).catch(() => undefined); // the network still has it
    if (!whole) return undefined;
    const remove = async () => {
      delete record.files[name];
      await whole.close?.();
      if (!(await store.remove(key))) this.#lose(name, new Error('a wrong file of that name is in use'));
      await this.#save();
    };
    const bytes = recorded?.bytes ?? place?.size ?? whole.size;
    if (bytes !== whole.size) {
      if (peek) await whole.close?.();
      else await remove();
      return undefined;
    }
    const sha256 = (name === this.first ? options.sha256 : undefined) ?? place?.sha256;
    record.files[name] ??= { key, bytes, sha256: '' };
    const input = inputOf(whole, name, true);
    if (peek || sha256 === undefined) return new Passage(name, input);
    return new Passage(name, input, {
      hasher: environment.makeHasher(),
      sha256,
      end: async (isRight) => {
        if (isRight) record.files[name]!.sha256 = sha256;
        else await remove();
      },
    });
  }

  /** Undefined: no such file, where it is not the model's own. */
  async #openDownload(
    name: string,
    offset: number,
    place: Place,
    key = '',
    kept?: Kept,
  ): Promise<Passage | undefined> {
    const { record, network, environment } = this.#context;
    let download: Download;
    try {
      const hasHash = place.sha256 !== undefined && !environment.peek;
      download = await Download.open(place, hasHash ? 0 : offset, network, kept);
    } catch (error) {
      await kept?.close();
      // Many hosts answer with a page where there is nothing.
      const isMissing = error instanceof SottoError && (error.code === 'not_found' || error.code === 'bad_model');
      if (isMissing && name !== this.first) return undefined;
      throw error;
    }
    const { size, sha256 } = download;
    if (kept?.isAlive) {
      record.files[name] = { key, bytes: size, sha256: '' };
      record.complete = false;
      await this.#save();
    }
    if (environment.peek || (!kept?.isAlive && sha256 === undefined)) return new Passage(name, download);
    return new Passage(name, download, {
      hasher: environment.makeHasher(),
      sha256,
      keep: async (piece, at) => kept?.append(piece, at),
      end: async (isRight, hex) => {
        if (isRight) await kept?.finish();
        else await kept?.discard();
        if (!kept?.isAlive) delete record.files[name];
        else record.files[name] = { key, bytes: size, sha256: hex };
        await this.#save();
      },
    });
  }

  /** From now on nothing is kept. */
  #lose(name: string, error: unknown): undefined {
    const { record, environment, network } = this.#context;
    if (network.signal.aborted) throw stopped(network.signal);
    environment.onWarning?.(`${name} is not stored: ${reasonOf(error)}`);
    delete record.files[name];
    this.#keeps = false;
  }

  async #save(): Promise<void> {
    const { record, store, origin, environment } = this.#context;
    if (!store || environment.peek) return;
    record.commit = origin.commit() || record.commit;
    const text = JSON.stringify(record);
    if (text === this.#saved) return;
    this.#saved = text;
    try {
      if (Object.keys(record.files).length > 0) await writeRecord(store, record);
      else await removeRecord(store, record.id);
    } catch (error) {
      this.#keeps = false;
      environment.onWarning?.(`the model is not listed in the store: ${reasonOf(error)}`);
    }
  }
}
