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
import type { CoreFiles, Host, Variant } from './worker/host.ts';
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
      isSingle: true,
      factory: () => importFactory(URL.createObjectURL(glue)),
      wasm: () => unpack(new Blob([wasmGzip]).stream()),
      threadScript: () => glue,
    };
  }
  // Bundlers know these expressions; what they make of them may lack the origin.
  const glue = (variant: Variant): string =>
    absolute(
      isWithMemory64 && variant === 'memory64'
        ? new URL('./core64.mjs', import.meta.url).href
        : new URL('./core.mjs', import.meta.url).href,
    );
  return {
    factory: (variant) => importFactory(glue(variant)),
    wasm: async (variant) => {
      if (variant === 'simd128') return compile(await fetched(new URL('./sotto.wasm', import.meta.url).href));
      const packed =
        isWithMemory64 && variant === 'memory64'
          ? new URL('./sotto-memory64.bin', import.meta.url).href
          : new URL('./sotto-relaxed.bin', import.meta.url).href;
      return unpack((await fetched(packed)).body as ReadableStream<BufferSource>);
    },
    threadScript: (variant) => {
      const url = glue(variant);
      return new URL(url).origin === self.origin ? url : scriptBlob(importing(url));
    },
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

async function fetched(file: string): Promise<Response> {
  const url = absolute(file);
  const response = await fetch(url);
  if (!response.ok) throw new SottoError('io_error', `${url}: status ${response.status}`, { where: url });
  return response;
}

async function compile(response: Response): Promise<WebAssembly.Module> {
  // Only what is compiled from the stream is kept by the browser's cache of compiled code, and not every server names the type.
  if (response.headers.get('content-type') === 'application/wasm') return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

function unpack(gzip: ReadableStream<BufferSource>): Promise<WebAssembly.Module> {
  const bytes = gzip.pipeThrough(new DecompressionStream('gzip'));
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
