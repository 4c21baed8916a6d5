/** One call of the page, from the worker's side. */
import type { Prefill } from '../protocol.ts';
import type { Piece, Progress } from '../types.ts';

export interface Context {
  /** Aborted with a SottoError when the page ends the call. */
  signal: AbortSignal;
  /** What is computed for the call stops when 1 is written to that address. `free` is called when nobody will write any more. */
  begin(address: number, free: () => void): void;
  progress(progress: Progress): void;
  pieces(pieces: Piece[], prefill: Prefill): void;
}
