/** Which wasm binaries run here: asked by modules of one instruction. */
import { SottoError } from '../errors.ts';
import type { Variant } from './host.ts';

/** (func (result v128) i32.const 0, i8x16.splat, i32.const 0, i8x16.splat, `operation`) */
function runs(...operation: number[]): boolean {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  const body = [0, 0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, ...operation, 0x0b];
  const code = [10, body.length + 2, 1, body.length, ...body];
  const module = [...header, ...types, ...functions, ...code];
  return WebAssembly.validate(new Uint8Array(module));
}

const hasSimd = (): boolean => runs(0xfd, 0x6e); // i8x16.add
const hasRelaxedSimd = (): boolean => runs(0xfd, 0x80, 0x02); // i8x16.relaxed_swizzle

/** Errors: unsupported. */
export function chooseVariant(wanted: 'auto' | Variant, hasRelaxedFile: boolean): Variant {
  if (!hasSimd()) throw new SottoError('unsupported', 'this browser has no WebAssembly SIMD', { where: 'variant' });
  if (wanted === 'simd128') return wanted;
  const isPossible = hasRelaxedFile && hasRelaxedSimd();
  if (wanted === 'auto') return isPossible ? 'relaxed' : 'simd128';
  if (isPossible) return wanted;
  const why = hasRelaxedFile ? 'this browser has no relaxed SIMD' : 'the single-file entry has no binary for relaxed SIMD';
  throw new SottoError('unsupported', why, { where: 'variant' });
}
