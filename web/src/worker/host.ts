/** What the worker's code needs from where it runs: ../worker.ts for pages, ../worker-node.ts for Node. */
import type { CoreFactory } from '../core.d.ts';
import type { FromWorker } from '../protocol.ts';
import type { ModelFiles, SourceEnvironment, WireSource } from '../sources/files.ts';
import type { ModelInfo, ModelStore } from '../types.ts';

export type Variant = ModelInfo['variant'];

/** Where the parts of the core are. */
export interface CoreFiles {
  /** There is simd128 alone. */
  isSingle?: boolean;
  factory(variant: Variant): Promise<CoreFactory>;
  /** Errors: io_error, unsupported (the engine of the browser does not compile it). */
  wasm(variant: Variant): Promise<WebAssembly.Module>;
  /** What a thread of the core runs; absent: the core knows. */
  threadScript?(variant: Variant): string | Blob;
}

export interface Host {
  post(message: FromWorker): void;
  /** Calls back once messages that wait were handled. */
  soon(turn: () => void): void;
  /** Of the machine; hyper-threads count. */
  cores: number;
  models: ModelStore;
  openSource(wire: WireSource, environment: SourceEnvironment): Promise<ModelFiles>;
  /** Errors of threads while they start: then the core does without. Returns what stops the watch. */
  onThreadError(listener: (what: string) => void): () => void;
}
