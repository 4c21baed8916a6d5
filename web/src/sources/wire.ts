/** From what a user gives to what goes through postMessage. */
import { SottoError } from '../errors.ts';
import type { Source } from '../types.ts';
import type { Wire, WireSource } from './files.ts';
import { splitPath } from './paths.ts';
import { serveStream } from './stream.ts';

/** What a string means that is neither `hf:` nor a URL: a name of the catalogue, an address on the page's own host, a path. */
export type Interpret = (text: string) => WireSource;

const invalid = (message: string) => new SottoError('invalid_argument', message, { where: 'source' });
const only = (wire: WireSource): Wire => ({ wire, transfer: [] });

function fromText(text: string, interpret: Interpret): WireSource {
  if (text.startsWith('hf:')) return { kind: 'name', name: text };
  // A single letter before a colon is a drive.
  if (!/^[a-z][a-z\d+.-]+:/i.test(text)) return interpret(text);
  if (URL.canParse(text)) return { kind: 'url', url: text };
  throw invalid(`'${text}' is not a URL`);
}

/** Takes the bytes over without a copy; what cannot be moved (wasm memory, part of a larger buffer) is copied. */
function fromBytes(bytes: ArrayBufferLike, offset: number, length: number): Wire {
  if (!(bytes instanceof ArrayBuffer)) return only({ kind: 'bytes', bytes: bytes.slice(offset, offset + length) });
  let own: ArrayBuffer | undefined;
  if (length === bytes.byteLength) {
    try {
      own = structuredClone(bytes, { transfer: [bytes] });
    } catch {
      own = undefined; // not movable
    }
  }
  own ??= bytes.slice(offset, offset + length);
  return { wire: { kind: 'bytes', bytes: own }, transfer: [own] };
}

function fromStream(stream: ReadableStream<Uint8Array>, size: number, name: string): Wire {
  if (!Number.isSafeInteger(size) || size < 0) throw invalid('a stream needs its size in bytes');
  if (stream.locked) throw invalid('the stream is read by somebody else');
  const port = serveStream(stream);
  return { wire: { kind: 'stream', port, size, name }, transfer: [port] };
}

function fromResponse(response: Response): Wire {
  const { ok, status, body, headers, url } = response;
  if (!ok) {
    const message = `the response has the status ${status}`;
    throw new SottoError(status === 404 ? 'not_found' : 'io_error', message, { where: url || 'source' });
  }
  if (!body || response.bodyUsed) throw invalid('the response has no body, or it was read before');
  const length = headers.get('content-length');
  if (length === null || headers.has('content-encoding'))
    throw invalid('the response does not tell its length; give {stream: response.body, size}');
  return fromStream(body, Number(length), splitPath(url.replace(/[?#].*$/s, ''))[1] || 'model');
}

/** An ArrayBuffer is detached afterwards, as by a transfer; so is one that a Uint8Array fills. Throws invalid_argument, and
 * not_found or io_error for the response of an error. */
export async function wireOf(source: Source, interpret: Interpret): Promise<Wire> {
  if (typeof source === 'string') return only(fromText(source, interpret));
  if (source instanceof URL) return only(fromText(source.href, interpret));
  if (source instanceof Blob) return only({ kind: 'blob', blob: source, name: (source as File).name || 'model' });
  if (source instanceof Uint8Array) return fromBytes(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return fromBytes(source, 0, source.byteLength);
  if (source instanceof Response) return fromResponse(source);
  if (Array.isArray(source)) {
    const files = source as readonly File[];
    if (files.length === 0 || !files.every((file) => file instanceof Blob)) throw invalid('a list must hold files');
    return only({ kind: 'files', files: files.map((file) => ({ path: file.webkitRelativePath || file.name, file })) });
  }
  if (typeof source === 'object' && source !== null) {
    if ('kind' in source && /^(file|directory)$/.test(source.kind)) return only({ kind: 'handle', handle: source });
    if ('stream' in source && source.stream instanceof ReadableStream)
      return fromStream(source.stream, source.size, source.name ?? 'model');
  }
  throw invalid('a source is a string, URL, Blob, list of files, file or folder handle, buffer, Response or {stream, size}');
}
