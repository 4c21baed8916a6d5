/** SHA-256 by the core. */
import type { CoreEngine, CoreIncoming, CoreModule, CoreSha256 } from '../core.d.ts';
import { SottoError } from '../errors.ts';
import type { Hasher } from '../sources/files.ts';

const chunkBytes = 2 ** 18;

export class CoreHasher implements Hasher {
  readonly #memory: WebAssembly.Memory;
  readonly #sha: CoreSha256;
  /** Only its room is used: memory of the core that bytes can be put into. */
  readonly #lender: CoreIncoming;

  constructor(module: CoreModule, engine: CoreEngine) {
    this.#memory = module.wasmMemory;
    this.#sha = new module.Sha256();
    this.#lender = new module.Incoming(engine, '{}');
  }

  update(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; start += chunkBytes) {
      const chunk = bytes.subarray(start, start + chunkBytes);
      const address = this.#lender.room(chunk.length);
      if (address === 0) throw new SottoError('out_of_memory', 'no memory for a checksum');
      new Uint8Array(this.#memory.buffer, address, chunk.length).set(chunk);
      this.#sha.update(address, chunk.length);
    }
  }
  hex(): string {
    return this.#sha.hex();
  }
  free(): void {
    this.#sha.delete();
    this.#lender.delete();
  }
}
