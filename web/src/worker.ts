/** The worker of a page. */
import type { CoreFactory } from './core.d.ts';
import { SottoError } from './errors.ts';
import type { FromWorker, Start, ToWorker } from './protocol.ts';
import { importing, scriptBlob } from './scripts.ts';
import type { Wire } from './sources/files.ts';
import { modelStore } from './sources/model-store.ts';
import { viewOpfs } from './sources/opfs.ts';
import { openSource } from './sources/web.ts';
import type { Source } from './types.ts';
import type { CoreFiles, Host } from './worker/host.ts';
import { Server } from './worker/serve.ts';

const { port1, port2 } = new MessageChannel();
const turns: (() => void)[] = [];
port1.onmessage = () => turns.shift()?.();

/** The page has found out what a name means. */
const byName = async (source: Source): Promise<Wire> => ({ wire: { kind: 'name', name: String(source) }, transfer: [] });

const host: Host = {
  post: (message) => self.postMessage(message),
  soon(turn) {
    turns.push(turn);
    port2.postMessage(null);
  },
  cores: navigator.hardwareConcurrency,
  models: modelStore(viewOpfs, byName),
  openSource,
  onThreadError(listener) {
    const onError = (event: ErrorEvent): void => {
      event.preventDefault();
      listener(event.message);
    };
    self.addEventListener('error', onError);
    return () => self.removeEventListener('error', onError);
  },
};

function coreFiles(carried: Start['carried']): CoreFiles {
  if (carried) {
    const { glue, wasmGzip } = carried;
    return {
      hasRelaxed: false,
      factory: () => importFactory(URL.createObjectURL(glue)),
      wasm: () => unpack(wasmGzip),
      threadScript: glue,
    };
  }
  // Bundlers know these expressions; what they make of them may lack the origin.
  const glue = absolute(new URL('./core.mjs', import.meta.url).href);
  return {
    hasRelaxed: true,
    factory: () => importFactory(glue),
    wasm: (variant) =>
      variant === 'relaxed'
        ? compile(absolute(new URL('./sotto-relaxed.wasm', import.meta.url).href))
        : compile(absolute(new URL('./sotto.wasm', import.meta.url).href)),
    threadScript: new URL(glue).origin === self.origin ? glue : scriptBlob(importing(glue)),
  };
}

/** A worker that was made from a Blob has no base for relative addresses. */
function absolute(url: string): string {
  return new URL(url, self.location.protocol === 'blob:' ? self.origin : self.location.href).href;
}

/** build.mjs tells bundlers to leave this import as it is. */
async function importFactory(url: string): Promise<CoreFactory> {
  return ((await import(url)) as { default: CoreFactory }).default;
}

async function compile(url: string): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new SottoError('io_error', `${url}: status ${response.status}`, { where: url });
  // Only what is compiled from the stream is kept by the browser's cache of compiled code, and not every server names the type.
  if (response.headers.get('content-type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

function unpack(gzip: ArrayBuffer): Promise<WebAssembly.Module> {
  const bytes = new Blob([gzip]).stream().pipeThrough(new DecompressionStream('gzip'));
  return WebAssembly.compileStreaming(new Response(bytes, { headers: { 'Content-Type': 'application/wasm' } }));
}

/** A Web Lock for life, which the page gets when this worker is gone, however it went. It also keeps a hidden page from being
 * frozen. Undefined where there are none: an insecure page, one without origin. */
function takeLock(): Promise<string | undefined> {
  if (!navigator.locks) return Promise.resolve(undefined);
  const name = `sotto-worker-${crypto.randomUUID()}`;
  return new Promise((resolve) => {
    const hold = (): Promise<never> => {
      resolve(name);
      return new Promise(() => undefined);
    };
    navigator.locks.request(name, hold).catch(() => resolve(undefined));
  });
}

async function announce(): Promise<void> {
  const lock = await takeLock();
  const started: FromWorker = { kind: 'started', ...(lock !== undefined && { lock }) };
  host.post(started);
}

const server = new Server(host, coreFiles);
self.onmessage = ({ data }: MessageEvent<ToWorker>) => server.receive(data);
self.onmessageerror = () => server.receiveUnreadable();
void announce();
