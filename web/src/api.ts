/** load(), inspect() and plan(), the same for pages and for Node: they differ in how a worker is made and a source is sent. */
import { Client } from './client.ts';
import type { Hooks, Port } from './client.ts';
import { throwIfAborted, watch } from './control.ts';
import { toSottoError } from './errors.ts';
import { WorkerModel } from './model.ts';
import { checkInspect, checkLoad, sourcePart, splitLoad } from './options.ts';
import type { LoadParts } from './options.ts';
import { tooSmall } from './protocol.ts';
import type { Params, Value } from './protocol.ts';
import type { Wire } from './sources/files.ts';
import type { Control, InspectOptions, Inspection, LoadOptions, Model, Plan, Source } from './types.ts';

export interface Surroundings {
  /** Errors: io_error where no worker can be made. */
  spawn(baseUrl: string | URL | undefined): Port;
  toWire(source: Source): Promise<Wire>;
}

/** Documented in index.ts. */
export interface Api {
  load(source: Source, options?: LoadOptions): Promise<Model>;
  inspect(source: Source, options?: InspectOptions): Promise<Inspection>;
  plan(source: Source, options?: LoadOptions): Promise<Plan>;
}

type OpeningMethod = 'load' | 'inspect' | 'plan';

/** Milliseconds a worker whose call was ended has to put away what it downloaded. */
const graceMs = 1000;

export function makeApi({ spawn, toWire }: Surroundings): Api {
  /** The call a worker is made for. Where it fails, the worker ends with it. */
  async function open<M extends OpeningMethod>(
    method: M,
    source: Source,
    params: Omit<Params<M>, 'wire'>,
    options: Control & { baseUrl?: string | URL },
    hooks: Hooks = {},
  ): Promise<{ client: Client; value: Value<M> }> {
    const begun = performance.now();
    /** With the time that is left. */
    const control = (): typeof options => {
      if (options.timeout === undefined) return options;
      return { ...options, timeout: Math.max(0, options.timeout - (performance.now() - begun)) };
    };
    throwIfAborted(options);
    const { wire, transfer } = await within(options, toWire(source));
    const client = new Client(spawn(options.baseUrl));
    let onEnded!: (error: Error) => void;
    const ended = new Promise<never>((_, reject) => (onEnded = reject));
    const { reply } = client.start(method, { ...params, wire } as Params<M>, control(), { ...hooks, transfer, onEnded });
    try {
      return { client, value: await Promise.race([ended, reply]) };
    } catch (error) {
      void closeAfter(client, reply);
      const { code, where } = toSottoError(error);
      if (code !== 'out_of_memory' || where !== tooSmall || wire.kind === 'stream' || wire.kind === 'bytes') throw error;
      // What it read can be read again, by a worker with 64-bit addresses.
      const larger = { ...params, engine: { ...(params as Partial<LoadParts>).engine, variant: 'memory64' } };
      return open(method, source, larger as typeof params, control(), hooks);
    }
  }

  return {
    async load(source, options) {
      const checked = checkLoad(options);
      const parts = splitLoad(checked);
      const hooks = checked.onProgress ? { onProgress: checked.onProgress } : {};
      const { client, value } = await open('load', source, parts, checked, hooks);
      return new WorkerModel(client, value, parts.session);
    },
    async inspect(source, options) {
      const checked = checkInspect(options);
      const { client, value } = await open('inspect', source, { source: sourcePart(checked) }, checked);
      await client.close();
      return value;
    },
    async plan(source, options) {
      const checked = checkLoad(options);
      const hooks = checked.onProgress ? { onProgress: checked.onProgress } : {};
      const { client, value } = await open('plan', source, splitLoad(checked), checked, hooks);
      await client.close();
      return value;
    },
  };
}

/** The promise, or its end by signal or time. */
async function within<T>(control: Control, promise: Promise<T>): Promise<T> {
  let unwatch: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (unwatch = watch(control, reject)));
  try {
    return await Promise.race([promise, ended]);
  } catch (error) {
    throw toSottoError(error);
  } finally {
    unwatch();
  }
}

async function closeAfter(client: Client, reply: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const grace = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)));
  await Promise.race([grace, reply.catch(() => undefined)]);
  clearTimeout(timer);
  await client.close();
}
