/** What the store knows of a model: the names of its files. Written last, when all of them are whole; before that `complete` is
 * false, and what is there is where the next load goes on. */
import { sha256OfText } from './paths.ts';
import type { Store, StoreView } from './store.ts';

export interface RecordedFile {
  key: string;
  bytes: number;
  /** Empty: not known. */
  sha256: string;
}

export interface ModelRecord {
  version: 1;
  id: string;
  first: string;
  /** Of the repository that the files are from. */
  commit: string;
  complete: boolean;
  files: Record<string, RecordedFile>;
  /** Names that were asked for, and that the model does not have. */
  absent: string[];
}

export const recordFolder = 'records/';

const keyOfRecord = async (id: string): Promise<string> => `${recordFolder}${(await sha256OfText(id)).slice(0, 24)}.json`;

export const newRecord = (id: string): ModelRecord => ({
  version: 1,
  id,
  first: '',
  commit: '',
  complete: false,
  files: {},
  absent: [],
});

/** Undefined for a text that is no record, such as one that was cut off. It is one line: behind it the end of an older, longer
 * one may be seen while it is written. */
export function parseRecord(text = ''): ModelRecord | undefined {
  try {
    const record = JSON.parse(text.split('\n', 1)[0]!) as ModelRecord;
    return record.version === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

export const readRecord = async (store: StoreView, id: string): Promise<ModelRecord | undefined> =>
  parseRecord(await store.readText(await keyOfRecord(id)));

export const writeRecord = async (store: Store, record: ModelRecord): Promise<void> =>
  store.writeText(await keyOfRecord(record.id), `${JSON.stringify(record)}\n`);

export const removeRecord = async (store: StoreView, id: string): Promise<boolean> => store.remove(await keyOfRecord(id));
