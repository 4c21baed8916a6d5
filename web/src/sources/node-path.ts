/** Models in the file system of Node: a file with others beside it, or a folder. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { SottoError } from '../errors.ts';
import type { ModelFiles, SourceEnvironment } from './files.ts';
import { firstOf, localFiles, type Finder } from './local.ts';
import { splitPath } from './paths.ts';
import { readFileAt } from './node-store.ts';
import { inputOf, type Input } from './passage.ts';

function refused(cause: unknown, path: string): SottoError {
  const { code } = cause as NodeJS.ErrnoException;
  const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
  const message = isMissing ? `there is no file or folder '${path}'` : `'${path}' cannot be opened (${code})`;
  return new SottoError(isMissing ? 'not_found' : 'io_error', message, { where: path, cause });
}

/** Throws not_found, io_error: a pipe or device is no file. */
async function openPath(path: string, name: string): Promise<Input> {
  const found = await stat(path).catch((cause) => {
    throw refused(cause, path);
  });
  if (!found.isFile()) throw new SottoError('io_error', `'${path}' is not a regular file`, { where: path });
  const readable = await readFileAt(path).catch((cause) => {
    throw refused(cause, path);
  });
  return inputOf(readable, name);
}

/** Files of the folder, without links that lead out of it. */
function findBelow(folder: string): Finder {
  return async (name) => {
    const path = join(folder, name);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined) return undefined;
    if (!real.startsWith((await realpath(folder)).replace(/[\\/]?$/, sep)))
      throw new SottoError('invalid_argument', "the file is a link that leads out of the model's folder", { where: path });
    return openPath(real, name);
  };
}

export async function openNodePath(path: string, environment: SourceEnvironment): Promise<ModelFiles> {
  const found = await stat(path).catch((cause) => {
    throw refused(cause, path);
  });
  if (found.isDirectory()) {
    const entries = await readdir(path, { withFileTypes: true });
    const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
    return localFiles(firstOf(names), findBelow(path), environment);
  }
  const first = splitPath(resolve(path).replaceAll(sep, '/'))[1];
  const siblings = findBelow(dirname(path));
  // The file itself may be a link: the user named it.
  return localFiles(first, (name) => (name === first ? openPath(path, name) : siblings(name)), environment);
}
