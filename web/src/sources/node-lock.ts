/** A lock between processes, and between workers of one process, which ends with its holder however that dies: a local socket. */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopped } from './http.ts';

/** On Linux and Windows a name that vanishes with its holder; elsewhere a file, which a holder that died leaves behind. */
function socketOf(path: string): { socket: string; isFile: boolean } {
  const name = `sotto-${createHash('sha256').update(path).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return { socket: `\0${name}`, isFile: false };
  if (process.platform === 'win32') return { socket: `\\\\.\\pipe\\${name}`, isFile: false };
  return { socket: join(tmpdir(), name), isFile: true };
}

/** What comes back releases it. Undefined: somebody else has it. */
function tryListen(socket: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const server = createServer((other) => {
      waiting.add(other);
      other.unref();
      other.on('error', () => {}).on('close', () => waiting.delete(other));
    });
    const release = () => {
      server.close();
      for (const other of waiting) other.destroy();
    };
    server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(socket, () => resolve(release));
    server.unref();
  });
}

/** Without a signal it only looks whether somebody holds it; with one it waits until nobody does any more. */
function isHeld(socket: string, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const holder = connect(socket, () => {
      connected = true;
      if (!signal) holder.destroy();
    });
    const stop = () => {
      holder.destroy();
      reject(stopped(signal!));
    };
    holder.on('error', () => {}); // told by close
    holder.on('close', () => {
      signal?.removeEventListener('abort', stop);
      resolve(connected);
    });
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
  });
}

/** Undefined: somebody else has it, and no signal says to wait. */
export async function holdLock(path: string, signal?: AbortSignal): Promise<(() => void) | undefined> {
  const { socket, isFile } = socketOf(path);
  for (;;) {
    const release = await tryListen(socket);
    if (release) return release;
    if (await isHeld(socket, signal)) {
      if (!signal) return undefined;
    } else if (isFile) {
      await rm(socket, { force: true });
    }
  }
}
