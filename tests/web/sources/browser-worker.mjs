// Runs in a worker of the test page: opens sources as the package's worker does, and tells what came of it.
import { openSource } from './web.ts';

/** SHA-256 in JavaScript, incremental. */
class Sha256 {
  static #constants = constants();
  #state = new Uint32Array([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
  #block = new Uint8Array(64);
  #words = new Uint32Array(64);
  #filled = 0;
  #bytes = 0;
  update(bytes) {
    this.#bytes += bytes.length;
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + 64 - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === 64) this.#compress();
    }
  }
  hex() {
    const length = this.#bytes;
    this.update(new Uint8Array([0x80]));
    while (this.#filled !== 56) this.update(new Uint8Array(1));
    const view = new DataView(this.#block.buffer);
    view.setUint32(56, length / 2 ** 29);
    view.setUint32(60, length * 8);
    this.#compress();
    return [...this.#state].map((word) => word.toString(16).padStart(8, '0')).join('');
  }
  free() {}
  #compress() {
    const w = this.#words;
    const view = new DataView(this.#block.buffer);
    for (let i = 0; i < 16; ++i) w[i] = view.getUint32(i * 4);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let i = 16; i < 64; ++i) {
      const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3);
      const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10);
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    let [a, b, c, d, e, f, g, h] = this.#state;
    for (let i = 0; i < 64; ++i) {
      const t1 = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + Sha256.#constants[i] + w[i]) | 0;
      const t2 = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (this.#state[i] += value));
    this.#filled = 0;
  }
}

/** The first 32 bits of the fractions of the cube roots of the first 64 primes. */
function constants() {
  const found = [];
  for (let n = 2; found.length < 64; ++n) if (!found.some((prime) => n % prime === 0)) found.push(n);
  return Uint32Array.from(found, (prime) => (Math.cbrt(prime) % 1) * 2 ** 32);
}

/** What a browser may lack. */
const lacks = {
  opfs: () => delete StorageManager.prototype.getDirectory,
  private: () => (StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'))),
  answers: () => (FileSystemFileHandle.prototype.createSyncAccessHandle = () => new Promise(() => {})),
  handles: () => delete FileSystemFileHandle.prototype.createSyncAccessHandle,
  locks: () => delete WorkerNavigator.prototype.locks,
  room: () => (StorageManager.prototype.estimate = async () => ({ quota: 1000, usage: 10 })),
};

const channel = new BroadcastChannel('progress');

async function load({ wire, options, names, lack, peek = false }) {
  if (lack) lacks[lack]();
  const told = { warnings: [], received: 0, read: {} };
  const onBytes = (n) => {
    told.received += n;
    channel.postMessage(told.received);
  };
  const environment = {
    makeHasher: () => new Sha256(),
    signal: new AbortController().signal,
    options,
    peek,
    stallMs: 2000,
    retryMs: 20,
    onBytes,
    onWarning: (message) => told.warnings.push(message),
  };
  const files = await openSource(wire, environment);
  try {
    for (const name of names ?? [files.first]) {
      const file = await files.open(name, 0);
      if (!file) continue;
      const hash = new Sha256();
      const fromStore = new Set();
      for await (const piece of file.stream) {
        hash.update(piece);
        fromStore.add(file.fromStore);
      }
      await file.close();
      told.read[name] = { size: file.size, sha256: hash.hex(), fromStore: [...fromStore] };
    }
    await files.commit();
  } finally {
    await files.close();
  }
  return { first: files.first, ...told };
}

onmessage = async ({ data }) => {
  try {
    postMessage({ value: await load(data) });
  } catch (error) {
    postMessage({ error: { code: error.code, message: error.message } });
  }
};
