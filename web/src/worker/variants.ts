/** Which wasm binaries run here: asked by modules of one instruction. */
import { SottoError } from '../errors.ts';
import type { Variant } from './host.ts';

/** Bytes that addresses reach. */
export const reach = (variant: Variant): number => (variant === 'memory64' ? 2 ** 34 : 2 ** 32);

const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const validate = (...sections: number[]): boolean => WebAssembly.validate(Uint8Array.of(...header, ...sections));

/** (func (result v128) i32.const 0, i8x16.splat, i32.const 0, i8x16.splat, `operation`) */
function runs(...operation: number[]): boolean {
  const types = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  const body = [0, 0x41, 0, 0xfd, 0x0f, 0x41, 0, 0xfd, 0x0f, ...operation, 0x0b];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return validate(...types, ...functions, ...code);
}

const hasSimd = (): boolean => runs(0xfd, 0x6e); // i8x16.add
const hasRelaxedSimd = (): boolean => runs(0xfd, 0x80, 0x02); // i8x16.relaxed_swizzle
const hasMemory64 = (): boolean => validate(5, 3, 1, 4, 0); // (memory i64 0)

type Feature = [name: string, isThere: () => boolean];
const simd: Feature = ['WebAssembly SIMD', hasSimd];
const relaxedSimd: Feature = ['relaxed SIMD', hasRelaxedSimd];
const features: Record<Variant, Feature[]> = {
  simd128: [simd],
  relaxed: [simd, relaxedSimd],
  memory64: [simd, relaxedSimd, ['64-bit memory', hasMemory64]],
};

/** Why a variant cannot be had; undefined: it can. */
export function lacking(variant: Variant, isSingle: boolean | undefined): string | undefined {
  if (!isWithMemory64 && variant === 'memory64') return 'the package was built without it: ./run build wasm64';
  if (isSingle && variant !== 'simd128') return 'the single-file entry has no other variant than simd128';
  const missing = features[variant].find(([, isThere]) => !isThere());
  return missing && `this browser has no ${missing[0]}`;
}

/** Errors: unsupported. */
export function chooseVariant(wanted: 'auto' | Variant, isSingle: boolean | undefined): Variant {
  const best = lacking('relaxed', isSingle) ? 'simd128' : 'relaxed';
  const variant = wanted === 'auto' ? best : wanted;
  const why = lacking(variant, isSingle);
  if (why) throw new SottoError('unsupported', why, { where: 'variant' });
  return variant;
}
