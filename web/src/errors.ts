/** The one error class of the package, and how errors cross the border of the worker. */
import { camelOptionNames } from './names.ts';
import type { ErrorCode } from './types.ts';

const brand = Symbol.for('sotto.error');

export class SottoError extends Error {
  override readonly name = 'SottoError';
  readonly code: ErrorCode;
  /** The option, file, key or tensor the message is about; may be empty. */
  readonly where: string;

  constructor(code: ErrorCode, message: string, details: { where?: string; cause?: unknown } = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.where = details.where ?? '';
    Object.defineProperty(this, brand, { value: true });
  }

  /** Each entry of the package carries its own copy of this class: an error of any of them is an instance of all. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** An error on its way through postMessage. */
export interface WireError {
  code: ErrorCode;
  message: string;
  where: string;
  cause?: unknown;
}

/** Names of options come from the core in snake_case. */
export function fromWire({ code, message, where, cause }: WireError): SottoError {
  const details = { where: camelOptionNames(where), ...(cause === undefined ? {} : { cause }) };
  return new SottoError(code, camelOptionNames(message), details);
}

/** A cause is passed on where it can be: an Error, or a text. */
export function toWire(error: unknown): WireError {
  const { code, message, where, cause } = toSottoError(error);
  const told = cause instanceof Error || typeof cause === 'string' ? { cause } : {};
  return { code, message, where, ...told };
}

/** What is no SottoError is a defect of this package. */
export function toSottoError(error: unknown): SottoError {
  if (error instanceof SottoError) return error;
  return new SottoError('internal', messageOf(error), { cause: error });
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
