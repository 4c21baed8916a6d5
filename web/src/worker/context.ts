/** One call of the page, from the worker's side. */
import type { CoreGeneration, CoreIncoming } from '../core.d.ts';
import type { Prefill } from '../protocol.ts';
import type { Piece, Progress } from '../types.ts';

export type Held = CoreGeneration | CoreIncoming;

export interface Context {
  /** Aborted with a SottoError when the page ends the call. */
  signal: AbortSignal;
  /** What the handle computes stops when the call is ended. It is deleted when the call was answered. */
  hold(handle: Held): void;
  progress(progress: Progress): void;
  pieces(pieces: Piece[], prefill: Prefill): void;
}
