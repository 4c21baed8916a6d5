/** A model that is loaded, with its sessions. */
import type { CoreEngine, CoreModel, CoreSession } from '../core.d.ts';
import { SottoError } from '../errors.ts';
import { toCoreJson, wellFormed } from '../names.ts';
import { ownSession } from '../protocol.ts';
import type { GenerateParams, Params } from '../protocol.ts';
import type { GenerationResult, Inspection, MemoryReport, MemoryUsage, ModelInfo, TraceEvent } from '../types.ts';
import { valueOf } from './answers.ts';
import type { Core } from './core.ts';
import type { Context } from './context.ts';
import type { Scheduler } from './scheduler.ts';

type CoreInfo = Omit<ModelInfo, 'threads' | 'threadsReason' | 'variant'>;

export interface LoadedParts {
  engine: CoreEngine;
  model: CoreModel;
  /** The one that the model's own generate() and chat() use. */
  session: CoreSession;
  /** Of the sources. */
  warnings: readonly string[];
  inspect(): Inspection;
}

export class LoadedModel {
  readonly inspect: () => Inspection;
  readonly #core: Core;
  readonly #engine: CoreEngine;
  readonly #model: CoreModel;
  readonly #scheduler: Scheduler;
  readonly #warnings: readonly string[];
  readonly #sessions = new Map<number, CoreSession>();
  #lastSession = ownSession;

  constructor(core: Core, parts: LoadedParts, scheduler: Scheduler) {
    this.#core = core;
    this.#engine = parts.engine;
    this.#model = parts.model;
    this.#warnings = parts.warnings;
    this.inspect = parts.inspect;
    this.#scheduler = scheduler;
    this.#sessions.set(ownSession, parts.session);
  }

  info(): ModelInfo {
    const { threads, threadsReason, variant } = this.#core;
    const info = valueOf<CoreInfo>(this.#model.info());
    const warnings = [...info.warnings, ...this.#warnings];
    return { ...info, threads, ...(threadsReason !== undefined && { threadsReason }), variant, warnings };
  }
  memory(): MemoryReport {
    return { ...valueOf<MemoryUsage>(this.#model.memory()), linearBytes: this.#core.module.wasmMemory.buffer.byteLength };
  }
  trace(): { traceEvents: TraceEvent[] } {
    return valueOf(this.#engine.trace());
  }
  tokenize({ text, options }: Params<'tokenize'>): number[] {
    return valueOf(this.#model.tokenize(wellFormed(text), toCoreJson(options)));
  }
  decode(params: Params<'decode'>): string {
    return valueOf(this.#model.decode(toCoreJson(params)));
  }
  applyTemplate(params: Params<'applyTemplate'>): string {
    return valueOf(this.#model.applyTemplate(toCoreJson(params)));
  }

  newSession(params: Params<'newSession'>): number {
    return this.#add(new this.#core.module.Session(this.#model, toCoreJson(params)));
  }
  fork({ session }: Params<'fork'>): number {
    return this.#add(this.#session(session).fork());
  }
  tokens({ session }: Params<'tokens'>): number[] {
    return valueOf(this.#session(session).tokens());
  }
  rewind({ session, nTokens }: Params<'rewind'>): null {
    valueOf(this.#session(session).rewind(nTokens));
    return null;
  }
  closeSession({ session }: Params<'closeSession'>): null {
    this.#scheduler.clear(session);
    this.#sessions.get(session)?.delete();
    this.#sessions.delete(session);
    return null;
  }

  generate({ session, fresh, request }: GenerateParams, context: Context): Promise<GenerationResult> {
    this.#scheduler.clear(session);
    const timeline = this.#session(session);
    if (fresh) valueOf(timeline.rewind(0));
    const generation = new this.#core.module.Generation(timeline, toCoreJson(request));
    context.hold(generation);
    valueOf(generation.status());
    return this.#scheduler.run({ session, generation, signal: context.signal, onStep: context.pieces });
  }

  #session(number: number): CoreSession {
    const session = this.#sessions.get(number);
    if (!session) throw new SottoError('closed', 'the session was closed', { where: 'session' });
    return session;
  }

  #add(session: CoreSession): number {
    try {
      valueOf(session.status());
    } catch (error) {
      session.delete();
      throw error;
    }
    this.#sessions.set(++this.#lastSession, session);
    return this.#lastSession;
  }
}
