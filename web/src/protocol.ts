/** What goes between a page and its worker. The page numbers its calls; each is answered once, by `value` or `error`. */
import type { LoadParts, Prompt } from './options.ts';
import type { WireError } from './errors.ts';
import type { WireSource } from './sources/files.ts';
import type {
  Control,
  GenerationOptions,
  GenerationResult,
  Inspection,
  MemoryReport,
  Message,
  ModelInfo,
  ModelStore,
  Piece,
  Plan,
  Progress,
  SessionOptions,
  SourceOptions,
  StoredModel,
  TraceEvent,
} from './types.ts';

type Sent<T> = Omit<T, keyof Control>;

/** Number of the session that generate() and chat() of a model use. */
export const ownSession = 0;

/** What an out_of_memory is about when load() can be called again, with the variant `memory64`. */
export const tooSmall = 'variant';

export interface GenerateParams {
  session: number;
  /** Forget what the session holds. */
  fresh: boolean;
  request: Prompt & Sent<GenerationOptions> & { timeoutMs?: number };
}

/** Every call there is: what it takes, what it answers. */
export interface Calls {
  load: { params: LoadParts & { wire: WireSource }; value: ModelInfo };
  inspect: { params: { wire: WireSource; source: SourceOptions }; value: Inspection };
  plan: { params: LoadParts & { wire: WireSource }; value: Plan };
  inspectModel: { params: null; value: Inspection };
  memory: { params: null; value: MemoryReport };
  trace: { params: null; value: { traceEvents: TraceEvent[] } };
  tokenize: { params: { text: string; options: { addSpecial?: boolean; parseSpecial?: boolean } }; value: number[] };
  decode: { params: { tokens: readonly number[]; skipSpecial?: boolean }; value: string };
  applyTemplate: { params: { messages: readonly Message[]; addGenerationPrompt?: boolean }; value: string };
  newSession: { params: SessionOptions; value: number };
  fork: { params: { session: number }; value: number };
  tokens: { params: { session: number }; value: number[] };
  rewind: { params: { session: number; nTokens: number }; value: null };
  closeSession: { params: { session: number }; value: null };
  generate: { params: GenerateParams; value: GenerationResult };
  storeList: { params: null; value: StoredModel[] };
  storeHas: { params: string; value: boolean };
  storeDelete: { params: string; value: boolean };
  storeClear: { params: null; value: null };
  storeUsage: { params: null; value: Awaited<ReturnType<ModelStore['usage']>> };
}
export type Method = keyof Calls;
export type Params<M extends Method> = Calls[M]['params'];
export type Value<M extends Method> = Calls[M]['value'];

/** Comes before every call. */
export interface Start {
  kind: 'start';
  /** Why memory cannot be shared here; absent: it may be, if the `probe` arrived. */
  unshared?: string;
  /** Of the single-file entry: script and wasm of the core, which it carries. */
  carried?: { glue: Blob; wasmGzip: ArrayBuffer };
}

export type ToWorker =
  | { kind: 'probe'; memory: WebAssembly.Memory; words: SharedArrayBuffer } // before `start`, where it can be posted
  | Start
  | { [M in Method]: { kind: 'call'; id: number; method: M; params: Params<M>; isEnded: boolean } }[Method] // ended before it began
  | { kind: 'cancel'; id: number };

export interface Prefill {
  done: number;
  total: number;
}

export type FromWorker =
  | { kind: 'started'; lock?: string } // name of the Web Lock it holds for life
  | { kind: 'progress'; id: number; progress: Progress }
  | { kind: 'pieces'; id: number; pieces: Piece[]; prefill: Prefill }
  | { kind: 'value'; id: number; value: Value<Method> }
  | { kind: 'error'; id: number; error: WireError }
  | { kind: 'fatal'; error: WireError }; // the core can compute nothing any more
