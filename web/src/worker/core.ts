/** The core comes to life: variant, threads, module. */
import type { CoreFactory, CoreModule } from '../core.d.ts';
import { messageOf, SottoError } from '../errors.ts';
import type { CoreFiles, Host, Variant } from './host.ts';
import { chooseVariant } from './variants.ts';

export interface Core {
  module: CoreModule;
  variant: Variant;
  /** This one counted. */
  threads: number;
  /** Why there is one thread, where more were wanted. */
  threadsReason?: string;
}

export interface CoreWishes {
  /** 0: as many as the machine has cores, at most 8. */
  threads: number;
  variant: 'auto' | Variant;
  /** Why memory cannot be shared with threads. */
  unshared: string | undefined;
}

const maxDefaultThreads = 8;
/** Milliseconds after which threads that do not answer are given up. */
const threadStartMs = 10_000;

/** Errors: unsupported, io_error, out_of_memory. */
export async function startCore(files: CoreFiles, host: Host, wishes: CoreWishes): Promise<Core> {
  const variant = chooseVariant(wishes.variant, files.isSingle);
  const [factory, wasmModule] = await Promise.all([files.factory(variant), files.wasm(variant)]).catch((cause: unknown) => {
    throw fileError(cause);
  });
  const script = files.threadScript?.(variant);
  const threadScript = script === undefined ? {} : { mainScriptUrlOrBlob: script };
  const make = (poolSize: number): Promise<CoreModule> =>
    new Promise((resolve, reject) => {
      const instantiateWasm: Parameters<CoreFactory>[0]['instantiateWasm'] = (imports, receive) => {
        WebAssembly.instantiate(wasmModule, imports).then((instance) => receive(instance, wasmModule), reject);
        return {}; // "later"
      };
      factory({ ...threadScript, poolSize, instantiateWasm }).then(resolve, reject);
    });
  const start = (poolSize: number): Promise<CoreModule> =>
    make(poolSize).catch((cause: unknown) => {
      throw startError(cause);
    });

  const wanted = wishes.threads || Math.min(host.cores, maxDefaultThreads);
  if (wanted === 1) return { module: await start(0), variant, threads: 1 };
  let threadsReason = wishes.unshared;
  if (threadsReason === undefined) {
    try {
      return { module: await withThreads(host, start(wanted - 1)), variant, threads: wanted };
    } catch (error) {
      if (error instanceof SottoError && error.code !== 'io_error') throw error;
      threadsReason = `threads did not start: ${messageOf(error)}`;
    }
  }
  return { module: await start(0), variant, threads: 1, threadsReason };
}

/** The module waits for its threads for ever; this does not. Errors: io_error. */
function withThreads(host: Host, starting: Promise<CoreModule>): Promise<CoreModule> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new SottoError('io_error', what, { where: 'threads' }));
    const stop = host.onThreadError(fail);
    const timer = setTimeout(() => fail(`no answer within ${threadStartMs / 1000} s`), threadStartMs);
    starting.then(resolve, reject).finally(() => {
      stop();
      clearTimeout(timer);
    });
  });
}

function fileError(cause: unknown): SottoError {
  if (cause instanceof SottoError) return cause;
  const code = cause instanceof WebAssembly.CompileError ? 'unsupported' : 'io_error';
  return new SottoError(code, `a file of the engine cannot be used: ${messageOf(cause)}`, { where: 'engine', cause });
}

function startError(cause: unknown): SottoError {
  if (cause instanceof SottoError) return cause;
  if (cause instanceof RangeError) return new SottoError('out_of_memory', 'there is no memory for the engine', { cause });
  return new SottoError('unsupported', `the engine does not start: ${messageOf(cause)}`, { cause });
}
