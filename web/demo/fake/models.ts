/** The store of the stand-in: kept in localStorage, so that a reload finds it. */
import type { ModelStore, StoredModel } from '../../src/types.ts';

const key = 'fake.models';

function read(): StoredModel[] {
  return JSON.parse(localStorage.getItem(key) ?? '[]') as StoredModel[];
}

function write(stored: readonly StoredModel[]): void {
  localStorage.setItem(key, JSON.stringify(stored));
}

export function savedBytes(id: string): number {
  return read().find((model) => model.id === id)?.bytes ?? 0;
}

export function remember(id: string, name: string, bytes: number, total: number): void {
  const others = read().filter((model) => model.id !== id);
  write([...others, { id, files: [{ name, bytes, sha256: '' }], bytes, complete: bytes >= total }]);
}

export const models: ModelStore = {
  list: async () => read(),
  has: async (source) => read().some(({ id, complete }) => complete && id === String(source)),
  async delete(source) {
    const stored = read();
    write(stored.filter(({ id }) => id !== String(source)));
    return stored.some(({ id }) => id === String(source));
  },
  clear: async () => localStorage.removeItem(key),
  usage: async () => ({ bytes: read().reduce((sum, { bytes }) => sum + bytes, 0), quotaBytes: 11.4e9, persisted: true }),
};
