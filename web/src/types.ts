/** The public types of the package. Names, defaults and ranges are those of the C++ SDK (snake_case there, camelCase here). */

/** Causes a program can act on: the codes of the C++ SDK. */
export type ErrorCode =
  | 'invalid_argument' // an option or argument is out of range, unknown or inconsistent
  | 'not_found' // a file, model name or key does not exist
  | 'io_error' // the network, the disk or the worker refused or broke
  | 'bad_model' // bytes of a model file are malformed, truncated or inconsistent
  | 'unsupported' // well-formed, but something this build or this browser does not compute
  | 'integrity_error' // a checksum or size differs from what was promised
  | 'out_of_memory'
  | 'context_overflow' // more tokens than the context holds
  | 'template_error'
  | 'tokenizer_error'
  | 'numeric_fault' // a non-finite number where a finite one is required
  | 'cancelled' // an AbortSignal was triggered
  | 'deadline_exceeded' // `timeout` passed
  | 'concurrent_use' // a session was used twice at once
  | 'closed' // the model or session was closed before
  | 'worker_lost' // the worker died; load the model again
  | 'internal';

/** What every asynchronous call takes. */
export interface Control {
  signal?: AbortSignal;
  /** Milliseconds from the call on. */
  timeout?: number;
}

/** Where a model's bytes come from. A string is a URL, `hf:owner/repo[/path][:quant][@revision]`, a name of the catalogue, or in
 * Node a path of a file or folder. A list of files is a Hugging Face folder, or the parts of a split file. A stream of unknown
 * length cannot be loaded: give its size. An ArrayBuffer, and a Uint8Array that fills one, is taken over and detached. */
export type Source =
  | string
  | URL
  | Blob // a File is one
  | readonly File[]
  | FileSystemFileHandle
  | FileSystemDirectoryHandle
  | ArrayBuffer
  | Uint8Array
  | Response
  | { stream: ReadableStream<Uint8Array>; size: number; name?: string };

export interface SourceOptions {
  /** Sent as `Authorization: Bearer` to the hub, and to nobody else. */
  token?: string;
  /** Where `hf:` names lead; default `https://huggingface.co`. */
  hubUrl?: string;
  /** Whether what is downloaded is kept: `auto` in OPFS (the cache folder in Node) where there is room; `none` not at all. What is kept
   * is used without asking the network again: `models.delete()` it to get a newer version. */
  storage?: 'auto' | 'none';
  /** Of a single file: refused as `integrity_error` when its bytes differ. */
  sha256?: string;
}

export type ProgressPhase = 'download' | 'read' | 'warm-up';
export interface Progress {
  phase: ProgressPhase;
  /** Name of the file that is read now. */
  file: string;
  /** Bytes so far, of all files of the model. */
  loaded: number;
  /** Bytes of all files known so far. */
  total: number;
  bytesPerSecond: number;
  /** Seconds; undefined before a speed is known. */
  remaining?: number;
  /** These bytes come from the store, not from the network. */
  fromStore: boolean;
}

export interface EngineOptions {
  /** 0 or absent: as many as the machine has cores, at most 8; one where memory cannot be shared. At most 64. */
  threads?: number;
  /** `auto` probes, and takes `memory64` where the model needs more than 4 GB; the others choose. */
  variant?: 'auto' | 'simd128' | 'relaxed' | 'memory64';
  /** Weights, caches and scratch together; absent: no limit but that of WebAssembly. */
  memoryLimitBytes?: number;
  /** Keep spans of time for `model.trace()`. */
  trace?: boolean;
}

export type CacheType = 'f32' | 'f16' | 'q8_0';

export interface SessionOptions {
  /** Tokens; absent: what the model was made for, at most 4096. */
  context?: number;
  /** Number format of the key/value cache; `f16`. */
  cache?: CacheType;
  /** Tokens computed at once, 1 to 4096; 256. */
  prefillChunk?: number;
}

export interface ModelOptions {
  /** `auto` (F32 becomes q8_0, the rest stays), `none`, or a type. */
  quantize?: 'auto' | 'none' | 'q8_0' | 'q4_0' | (string & {});
  /** What weights are multiplied with: `auto`; `i16`: always 16 bits, nearer to the reference and slower; `f32`: the reference, slowest. */
  activations?: 'auto' | 'i16' | 'f32';
  screenHead?: boolean;
  guessPreTokenizer?: boolean;
  tokenizerRequired?: boolean;
  warmUp?: boolean;
}

export interface LoadOptions extends Control, SourceOptions, EngineOptions, ModelOptions, SessionOptions {
  onProgress?: (progress: Progress) => void;
  /** Where `worker.js` and the wasm files lie; default: beside this module. */
  baseUrl?: string | URL;
}

/** Of inspect(): only headers are read, nothing is stored. */
export interface InspectOptions extends Control, SourceOptions {
  /** As for load(). */
  baseUrl?: string | URL;
}

export interface LogitBias {
  token: number;
  bias: number;
}

/** Defaults are greedy: the same prompt gives the same answer. */
export interface GenerationOptions extends Control {
  maxTokens?: number; // 512
  temperature?: number; // 0: greedy
  topK?: number; // 40; 0: off
  topP?: number; // 0.95; 1: off
  minP?: number; // 0: off
  repeatPenalty?: number; // 1: off
  frequencyPenalty?: number; // 0
  presencePenalty?: number; // 0
  penaltyWindow?: number; // 64; -1: all
  /** 0 to 2^53 - 1; absent: drawn anew, and told in the result. */
  seed?: number;
  logitBias?: readonly LogitBias[];
  stop?: string | readonly string[];
  /** How many of the most likely tokens to tell at each step; 0: only the chosen one; absent: none. */
  logprobs?: number;
  ignoreEos?: boolean;
  /** A plain prompt that spells control tokens means them; never for text of a user. */
  parseSpecial?: boolean;
}

export interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool' | (string & {});
  content: string;
}

export interface TokenLogprob {
  token: number;
  logprob: number;
}

/** What one token added. `text` may be empty, and never ends inside a character. */
export interface Piece {
  text: string;
  /** Absent in a last piece of text that was held back. */
  token?: number;
  logprob?: number;
  topLogprobs?: TokenLogprob[];
}

export type FinishReason = 'stop' | 'stop_string' | 'length' | 'cancelled' | 'deadline';

export interface Usage {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
}
export interface Timings {
  tokenizeMs: number;
  prefillMs: number;
  firstTokenMs: number;
  decodeMs: number;
  /** Tokens per second. */
  prefillTps: number;
  decodeTps: number;
}
export interface GenerationResult {
  text: string;
  tokens: number[];
  promptTokens: number[];
  finishReason: FinishReason;
  stopString: string;
  seed: number;
  invalidBytes: number;
  usage: Usage;
  timings: Timings;
}

/** One running request. Starts at once; leaving a `for await` loop cancels it. cancel(), a signal or a timeout end it with the
 * text so far: then `result` tells `cancelled` or `deadline`, while iterating, `text()` and the stream reject with that code. */
export interface Generation extends AsyncIterable<Piece> {
  /** The whole text. */
  text(): Promise<string>;
  /** Settles at the end; rejects only where there is no result: an error. */
  readonly result: Promise<GenerationResult>;
  /** Text only. */
  toReadableStream(): ReadableStream<string>;
  cancel(): void;
  /** Prompt tokens computed so far, for a progress bar while nothing has come yet. */
  onPrefill(listener: (progress: { done: number; total: number }) => void): this;
}

export interface ModelInfo {
  architecture: string;
  name: string;
  parameters: number;
  nLayers: number;
  dim: number;
  nHeads: number;
  nKvHeads: number;
  headDim: number;
  ffnDim: number;
  nVocab: number;
  maxContext: number;
  largestWindow: number;
  decodeBytes: number;
  loadMs: number;
  /** How it runs here. */
  threads: number;
  /** Why it runs on one thread, where it could have been more. */
  threadsReason?: string;
  variant: 'simd128' | 'relaxed' | 'memory64';
  hasChatTemplate: boolean;
  /** Things a user should know. */
  warnings: string[];
}

export interface MemoryUsage {
  weightsBytes: number;
  /** Tables of pieces and merges. */
  tokenizerBytes: number;
  kvBytes: number;
  scratchBytes: number;
}
export interface MemoryReport extends MemoryUsage {
  /** Of linear memory, which never shrinks while the model is open. */
  linearBytes: number;
}

export interface TensorInfo {
  name: string;
  type: string;
  shape: number[];
  bytes: number;
}
export interface Inspection {
  format: 'gguf' | 'safetensors' | (string & {});
  architecture: string;
  supported: boolean;
  unsupportedReason: string;
  parameters: number;
  tensorBytes: number;
  /** Bytes of all files. */
  fileBytes: number;
  metadata: Record<string, string>;
  tensors: TensorInfo[];
}
export interface Plan extends MemoryUsage {
  totalBytes: number;
  /** Bytes that would have to come over the network; 0: all is in the store, or local. */
  downloadBytes: number;
  /** Whether it fits into the memory a WebAssembly module can have here. */
  fits: boolean;
}

export interface TokenizeOptions extends Control {
  addSpecial?: boolean; // true
  parseSpecial?: boolean; // false
}
export interface DecodeOptions extends Control {
  skipSpecial?: boolean; // false
}
export interface TemplateOptions extends Control {
  addGenerationPrompt?: boolean; // true
}

/** One timeline of tokens with its cache. One request at a time: a second one is `concurrent_use`. */
export interface Session extends AsyncDisposable {
  /** Continues the timeline with a text as it is, or with ids. */
  generate(prompt: string | readonly number[], options?: GenerationOptions): Generation;
  /** The timeline becomes that conversation; what it shares with the tokens held is not computed again. */
  chat(messages: readonly Message[], options?: GenerationOptions): Generation;
  tokens(): Promise<number[]>;
  /** Keeps the first n tokens. */
  rewind(nTokens: number): Promise<void>;
  fork(): Promise<Session>;
  close(): Promise<void>;
}

export interface Model extends AsyncDisposable {
  readonly info: ModelInfo;
  /** An answer of its own: nothing of earlier requests is seen. */
  generate(prompt: string | readonly number[], options?: GenerationOptions): Generation;
  /** Answers a conversation; what it shares with the one before is not computed again. */
  chat(messages: readonly Message[], options?: GenerationOptions): Generation;
  /** What `options` leaves out is as load() was told. */
  newSession(options?: SessionOptions & Control): Promise<Session>;
  tokenize(text: string, options?: TokenizeOptions): Promise<number[]>;
  decode(ids: readonly number[], options?: DecodeOptions): Promise<string>;
  applyTemplate(messages: readonly Message[], options?: TemplateOptions): Promise<string>;
  inspect(): Promise<Inspection>;
  memory(): Promise<MemoryReport>;
  /** The Chrome trace of what was done so far; needs `trace: true` at load. */
  trace(): Promise<{ traceEvents: TraceEvent[] }>;
  /** Ends what runs (`closed`), and frees everything. */
  close(): Promise<void>;
}

export interface TraceEvent {
  name: string;
  ph: string;
  /** Microseconds. */
  ts: number;
  dur: number;
  pid: number;
  tid: number;
  args?: { index?: number };
}

export interface StoredModel {
  /** What the model was loaded by: its URL or `hf:` name. */
  id: string;
  files: { name: string; bytes: number; sha256: string }[];
  bytes: number;
  /** Whether all of it is there; otherwise the next load goes on. */
  complete: boolean;
}
export interface ModelStore {
  list(): Promise<StoredModel[]>;
  has(source: string | URL): Promise<boolean>;
  delete(source: string | URL): Promise<boolean>;
  clear(): Promise<void>;
  usage(): Promise<{ bytes: number; quotaBytes?: number; persisted: boolean }>;
}
