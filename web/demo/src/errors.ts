/** Errors of the package as sentences for a visitor. */
import type { ErrorCode } from '../../src/types.ts';

interface Told {
  code: ErrorCode;
  message: string;
  /** Of an invalid option: its name, or several, comma separated. */
  where: string;
}

/** The shape is what counts: an error may come from another copy of the package. */
export function told(error: unknown): Told {
  const { code, message, where } = (error ?? {}) as Partial<Record<'code' | 'message' | 'where', unknown>>;
  return {
    code: typeof code === 'string' ? (code as ErrorCode) : 'internal',
    message: typeof message === 'string' && message ? message : String(error),
    where: typeof where === 'string' ? where : '',
  };
}

// What a visitor can do about it; the package's own sentence says what happened.
const advice: Partial<Record<ErrorCode, string>> = {
  not_found: 'Check the spelling, and that the model is public.',
  io_error: 'Check the network and try again: what has arrived is kept.',
  bad_model: 'The file may be cut off or damaged. Get it anew.',
  integrity_error: 'What arrived is not what was promised, so it was thrown away. Try again.',
  out_of_memory: 'Choose a shorter context, 8-bit cache, or a smaller model.',
  context_overflow: 'Clear the conversation, or load the model with a longer context.',
  worker_lost: 'Load the model again to go on.',
  numeric_fault: 'The file is probably damaged. Get it anew.',
};

export function sentence(error: unknown): string {
  const { code, message } = told(error);
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return [/[.!?]$/.test(text) ? text : `${text}.`, advice[code]].filter(Boolean).join(' ');
}
