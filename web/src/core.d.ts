/** The wasm module as Embind declares it (bindings/embind.cpp). Constructors never fail: `status()` tells. Every string that comes
 * back is JSON, `{"value": ...}` or `{"error": {"code", "message", "where"}}`; names in JSON are snake_case. Handles are freed by
 * `delete()`. All calls run on the worker's own thread and compute there. */

declare global {
  /** Set by build.mjs: whether the module with 64-bit addresses is in the package. */
  const isWithMemory64: boolean;
}

export interface Handle {
  delete(): void;
}

/** Options: threads, target, memory_limit_bytes, trace. Value of status: {threads, target}. */
export interface CoreEngine extends Handle {
  status(): string;
  /** Chrome trace; error unsupported without the option `trace`. */
  trace(): string;
}

/** A model that arrives in pieces; the options are those of ModelOptions and timeout_ms. Every call but inspect() and plan() has the
 * value
 *   {wanted: {file, offset, known} | null, headers: boolean, done_bytes, total_bytes}
 * `wanted`: which bytes are needed next, in which file; `known` is false where the file was not offered yet: then offer() it, or say
 * missing(). null: all is there, finish() can be called. `headers`: inspect() and plan() can be called. done/total: of the weights. */
export interface CoreIncoming extends Handle {
  status(): string;
  /** A file of the model and its length. The first one is the model's own file, or `config.json` of a folder. */
  offer(name: string, size: number): string;
  missing(name: string): string;
  /** Address of `bytes` bytes in linear memory for the next piece of a file; 0: no memory. */
  room(bytes: number): number;
  /** A piece of that file, at most as long as the room, is written: it is parsed, or packed. Takes as long as that takes. */
  commit(name: string, bytes: number): string;
  inspect(): string;
  /** Session options; value {weights_bytes, tokenizer_bytes, kv_bytes, scratch_bytes}. */
  plan(sessionOptions: string): string;
  /** Warms up. Afterwards a CoreModel can be made of this. */
  finish(): string;
  /** `isCancelled(call)` of the module is asked while it computes. */
  watch(call: number): void;
}

export interface CoreModel extends Handle {
  status(): string;
  /** Value: the fields of ModelInfo, has_chat_template, warnings. */
  info(): string;
  /** Value {weights_bytes, tokenizer_bytes, kv_bytes, scratch_bytes} of the model and all its sessions. */
  memory(): string;
  /** Options add_special, parse_special; value: ids. */
  tokenize(text: string, options: string): string;
  /** {tokens: [...], skip_special}; value: text. */
  decode(request: string): string;
  /** {messages: [...], add_generation_prompt}; value: text. */
  applyTemplate(request: string): string;
}

export interface CoreSession extends Handle {
  status(): string;
  tokens(): string;
  rewind(nTokens: number): string;
  fork(): CoreSession;
}

/** Request: {prompt: string} or {tokens: [...]} or {messages: [...]}, the options of GenerationOptions, timeout_ms. */
export interface CoreGeneration extends Handle {
  status(): string;
  /** Computes until `maxMs` have passed, at least one token or one slice of the prompt. Value:
   *   {pieces: [{text, token?, logprob?, top_logprobs?}], prefill: {done, total}, done: boolean}
   * Slices are `slice` tokens long; 0: as many as are computed at once, 256 (where isCancelled() sees what happens meanwhile). */
  step(maxMs: number, slice: number): string;
  /** After done. Value: the fields of GenerationResult. */
  result(): string;
  watch(call: number): void;
}

export interface CoreSha256 extends Handle {
  update(address: number, bytes: number): void;
  hex(): string;
}

export interface CoreModule {
  Engine: new (options: string) => CoreEngine;
  Incoming: new (engine: CoreEngine, options: string) => CoreIncoming;
  Model: new (incoming: CoreIncoming) => CoreModel;
  Session: new (model: CoreModel, options: string) => CoreSession;
  Generation: new (session: CoreSession, request: string) => CoreGeneration;
  Sha256: new () => CoreSha256;
  /** Names, kinds, ranges and defaults of the generation options, from the one table. */
  generationOptions(): string;
  wasmMemory: WebAssembly.Memory;
  /** Set by the worker; see watch(). */
  isCancelled?: (call: number) => boolean;
}

/** Default export of core.mjs (page, worker), core.node.mjs, and of both with 64-bit addresses, core64.mjs and core64.node.mjs. */
export type CoreFactory = (overrides: {
  mainScriptUrlOrBlob?: string | Blob;
  /** Threads the pool starts with, this one not counted; 0 on pages that are not isolated. */
  poolSize: number;
  /** Makes the instance; never settles where it fails. */
  instantiateWasm?: (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) => object;
}) => Promise<CoreModule>;
