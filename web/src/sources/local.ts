/** Models whose bytes are here: blobs, files, handles, buffers, and streams that were begun elsewhere. */
import { SottoError } from '../errors.ts';
import type { ModelFiles, SourceEnvironment, WireSource } from './files.ts';
import { selectModelFiles } from './names.ts';
import { checkBelow, splitPath } from './paths.ts';
import { Passage, Passages, inputOf, type Input, type Readable } from './passage.ts';
import { streamInput } from './stream.ts';

/** A file of the model by its name; undefined: there is none. */
export type Finder = (name: string) => Promise<Input | undefined>;

/** Files that are not stored. A hash among the options is that of the first one. */
export function localFiles(first: string, find: Finder, { signal, peek, options, makeHasher }: SourceEnvironment): ModelFiles {
  const passages = new Passages(signal, async (name) => {
    if (name !== first) checkBelow(name);
    const input = await find(name);
    const sha256 = name === first && !peek ? options.sha256 : undefined;
    return input && new Passage(name, input, sha256 === undefined ? undefined : { hasher: makeHasher(), sha256 });
  });
  return {
    id: '',
    first,
    open: (name, offset) => passages.open(name, offset),
    downloadBytes: async () => 0,
    commit: async () => void (await passages.drain()),
    close: () => passages.close(),
  };
}

export const readBlob = (blob: Blob): Readable => ({
  size: blob.size,
  read: async (offset, bytes) => new Uint8Array(await blob.slice(offset, offset + bytes).arrayBuffer()),
});

const readBytes = (bytes: ArrayBufferLike): Readable => ({
  size: bytes.byteLength,
  read: async (offset, n) => new Uint8Array(bytes, offset, n),
});

/** The model's own file among the names of a folder: paths with the folder's common beginning. Throws as selectModelFiles. */
export function firstOf(names: readonly string[]): string {
  if (names.length === 1) return names[0]!;
  // The Hugging Face folder may be given with the folders above it.
  const config = names.filter((name) => splitPath(name)[1] === 'config.json').sort((a, b) => a.length - b.length)[0] ?? '';
  const [folder] = splitPath(config);
  const inside = names.filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length));
  return folder + selectModelFiles(config ? inside : names, '')[0]!;
}

function openFiles(files: readonly { path: string; file: File }[], environment: SourceEnvironment): ModelFiles {
  const byPath = new Map(files.map(({ path, file }) => [path, file]));
  const [folder, first] = splitPath(firstOf([...byPath.keys()]));
  const find: Finder = async (name) => {
    const file = byPath.get(folder + name);
    return file && inputOf(readBlob(file), name);
  };
  return localFiles(first, find, environment);
}

async function openFolder(folder: FileSystemDirectoryHandle, environment: SourceEnvironment): Promise<ModelFiles> {
  const names: string[] = [];
  for await (const [name, handle] of folder.entries()) if (handle.kind === 'file') names.push(name);
  const find: Finder = async (path) => {
    try {
      const [above, name] = splitPath(path);
      let at = folder;
      for (const part of above.split('/').slice(0, -1)) at = await at.getDirectoryHandle(part);
      return inputOf(readBlob(await (await at.getFileHandle(name)).getFile()), path);
    } catch (cause) {
      if ((cause as Error).name === 'NotFoundError' || (cause as Error).name === 'TypeMismatchError') return undefined;
      throw new SottoError('io_error', `'${path}' cannot be opened`, { where: path, cause });
    }
  };
  return localFiles(firstOf(names), find, environment);
}

export type LocalWire = Exclude<WireSource, { kind: 'url' | 'name' | 'path' }>;

/** Throws invalid_argument, not_found, io_error. */
export async function openLocal(wire: LocalWire, environment: SourceEnvironment): Promise<ModelFiles> {
  const one = (name: string, input: Input): ModelFiles => {
    const files = localFiles(name, async (asked) => (asked === name ? input : undefined), environment);
    return { ...files, close: () => files.close().then(input.close) };
  };
  switch (wire.kind) {
    case 'blob':
      return one(wire.name, inputOf(readBlob(wire.blob), wire.name));
    case 'files':
      return openFiles(wire.files, environment);
    case 'bytes':
      return one('model', inputOf(readBytes(wire.bytes), 'model'));
    case 'stream':
      return one(wire.name, streamInput(wire, environment.signal));
    case 'handle': {
      const { handle } = wire;
      if (handle.kind === 'directory') return openFolder(handle, environment);
      const file = await handle.getFile().catch((cause) => {
        throw new SottoError('io_error', `'${handle.name}' cannot be opened`, { where: handle.name, cause });
      });
      return one(handle.name, inputOf(readBlob(file), handle.name));
    }
  }
}
