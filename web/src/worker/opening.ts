/** load(), inspect() and plan(), from the source to the answer. */
import type { CoreEngine, CoreIncoming } from '../core.d.ts';
import { SottoError } from '../errors.ts';
import { toCoreJson } from '../names.ts';
import { tooSmall } from '../protocol.ts';
import type { Params } from '../protocol.ts';
import type { ModelFiles, WireSource } from '../sources/files.ts';
import type { EngineOptions, Inspection, MemoryUsage, ModelOptions, Plan, SourceOptions } from '../types.ts';
import { valueOf } from './answers.ts';
import type { Context } from './context.ts';
import type { Core } from './core.ts';
import { Feed } from './feed.ts';
import { CoreHasher } from './hasher.ts';
import type { Host, Variant } from './host.ts';
import type { LoadedParts } from './loaded.ts';
import { ProgressMeter } from './progress.ts';
import { reach } from './variants.ts';

interface OpenParams {
  wire: WireSource;
  source: SourceOptions;
  engine?: EngineOptions;
  model?: ModelOptions;
}
interface Opened {
  engine: CoreEngine;
  incoming: CoreIncoming;
  files: ModelFiles;
  feed: Feed;
  warnings: string[];
}

export class Opener {
  readonly #core: Core;
  readonly #openSource: Host['openSource'];
  /** Another variant would be chosen for a model that is too large for this one. */
  readonly #hasLarger: boolean;

  constructor(core: Core, openSource: Host['openSource'], hasLarger: boolean) {
    this.#core = core;
    this.#openSource = openSource;
    this.#hasLarger = hasLarger;
  }

  inspect(params: Params<'inspect'>, context: Context): Promise<Inspection> {
    return this.#open(params, context, true, async ({ incoming, feed }) => inspection(incoming.inspect(), feed.totalBytes));
  }

  plan(params: Params<'plan'>, context: Context): Promise<Plan> {
    return this.#open(params, context, true, async ({ incoming, files, feed }) => {
      const usage = valueOf<MemoryUsage>(incoming.plan(toCoreJson(params.session)));
      const totalBytes = sum(usage);
      const downloads = await Promise.all(feed.names.map((name) => files.downloadBytes(name)));
      const downloadBytes = downloads.reduce((all, bytes) => all + bytes, 0);
      const variant = this.#hasLarger ? 'memory64' : this.#core.variant;
      const fits = this.#fits(totalBytes, variant) && totalBytes <= (params.engine.memoryLimitBytes || Infinity);
      return { ...usage, totalBytes, downloadBytes, fits };
    });
  }

  load(params: Params<'load'>, context: Context): Promise<LoadedParts> {
    return this.#open(params, context, false, async ({ engine, incoming, files, feed, warnings }) => {
      const sessionOptions = toCoreJson(params.session);
      const totalBytes = sum(valueOf<MemoryUsage>(incoming.plan(sessionOptions)));
      const { module, variant } = this.#core;
      if (!this.#fits(totalBytes, variant)) {
        const message = `${totalBytes} bytes are needed, the variant '${variant}' has ${reach(variant)}`;
        throw new SottoError('out_of_memory', message, { where: this.#hasLarger ? tooSmall : '' });
      }
      const inspected = incoming.inspect();
      await feed.rest();
      await files.commit();
      feed.warmUp();
      valueOf(incoming.finish());
      const model = new module.Model(incoming);
      valueOf(model.status());
      const session = new module.Session(model, sessionOptions);
      valueOf(session.status());
      return { engine, model, session, warnings, inspect: () => inspection(inspected, feed.totalBytes) };
    });
  }

  /** As far as the headers. */
  async #open<T>(params: OpenParams, context: Context, peek: boolean, use: (opened: Opened) => Promise<T>): Promise<T> {
    const { module, threads } = this.#core;
    const { signal } = context;
    const { memoryLimitBytes, trace } = params.engine ?? {};
    const engine = new module.Engine(toCoreJson({ threads, memoryLimitBytes, trace }));
    valueOf(engine.status());
    const warnings: string[] = [];
    const makeHasher = (): CoreHasher => new CoreHasher(module, engine);
    const onWarning = (warning: string): void => void warnings.push(warning);
    const files = await this.#openSource(params.wire, { makeHasher, signal, options: params.source, peek, onWarning });
    try {
      const incoming = new module.Incoming(engine, toCoreJson(params.model ?? {}));
      context.hold(incoming);
      const meter = new ProgressMeter((progress) => context.progress(progress));
      const feed = new Feed(incoming, files, module.wasmMemory, signal, meter);
      try {
        await feed.headers();
        return await use({ engine, incoming, files, feed, warnings });
      } finally {
        await feed.close();
      }
    } finally {
      await files.close();
    }
  }

  #fits(totalBytes: number, variant: Variant): boolean {
    return totalBytes + this.#core.module.wasmMemory.buffer.byteLength <= reach(variant);
  }
}

const sum = ({ weightsBytes, tokenizerBytes, kvBytes, scratchBytes }: MemoryUsage): number =>
  weightsBytes + tokenizerBytes + kvBytes + scratchBytes;

const inspection = (answer: string, fileBytes: number): Inspection => ({ ...valueOf<Inspection>(answer), fileBytes });
