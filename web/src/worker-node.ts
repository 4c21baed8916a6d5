/** The worker of a Node process. */
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';

import type { CoreFactory } from './core.d.ts';
import type { ToWorker } from './protocol.ts';
import { models, openSource } from './sources/node.ts';
import type { CoreFiles, Host } from './worker/host.ts';
import { Server } from './worker/serve.ts';

const host: Host = {
  post: (message) => parentPort?.postMessage(message),
  soon: (turn) => void setImmediate(turn),
  cores: availableParallelism(),
  models,
  openSource,
  onThreadError(listener) {
    const onError = (error: Error): void => listener(error.message);
    process.on('uncaughtException', onError);
    return () => void process.off('uncaughtException', onError);
  },
};

const coreFiles = (): CoreFiles => ({
  factory: async (variant) => {
    const name = variant === 'memory64' ? './core64.node.mjs' : './core.node.mjs';
    return ((await import(new URL(name, import.meta.url).href)) as { default: CoreFactory }).default;
  },
  wasm: async (variant) => {
    const isPlain = variant === 'simd128';
    const bytes = await readFile(new URL(isPlain ? './sotto.wasm' : `./sotto-${variant}.bin`, import.meta.url));
    return WebAssembly.compile(isPlain ? bytes : new Uint8Array(gunzipSync(bytes)));
  },
});

const server = new Server(host, coreFiles);
parentPort?.on('message', (message: ToWorker) => server.receive(message));
parentPort?.on('messageerror', () => server.receiveUnreadable());
host.post({ kind: 'started' });
