/** A file or folder dropped anywhere on the page. */
import { h, show } from './dom.ts';

export interface Dropped {
  files: File[];
  /** Name of the folder that they lie in. */
  folder?: string;
}

const maxFiles = 500; // of a folder: a model has a few dozen at most

/** @param enabled asked at each drag: while a model loads, nothing is taken
 * @param onfault what was dropped cannot be read */
export function takeDrops(enabled: () => boolean, ondrop: (dropped: Dropped) => void, onfault: (error: unknown) => void): void {
  const veil = h('div', { class: 'drop' }, h('p', {}, 'Drop a .gguf file or a model folder'));
  show(veil, false);
  document.body.append(veil);
  let depth = 0; // enter and leave come for every element on the way
  const carriesFiles = (event: DragEvent) => enabled() && event.dataTransfer?.types.includes('Files') === true;
  addEventListener('dragenter', (event) => {
    if (!carriesFiles(event)) return;
    ++depth;
    show(veil, true);
  });
  addEventListener('dragleave', () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) show(veil, false);
  });
  addEventListener('dragover', (event) => {
    if (carriesFiles(event)) event.preventDefault();
  });
  addEventListener('drop', (event) => {
    depth = 0;
    show(veil, false);
    if (!carriesFiles(event)) return;
    event.preventDefault();
    read(event.dataTransfer!).then(ondrop, onfault);
  });
}

async function read(transfer: DataTransfer): Promise<Dropped> {
  // Both have to be asked for before the first await: the transfer is empty afterwards.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const files = [...transfer.files];
  const [first] = entries;
  if (entries.length === 1 && first!.isDirectory) {
    return { files: await filesOf(first as FileSystemDirectoryEntry), folder: first!.name };
  }
  return { files };
}

/** The files that lie in a folder itself: models have no deeper ones. */
async function filesOf(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const files: File[] = [];
  for (;;) {
    // Comes in batches, the last of which is empty.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0 || files.length >= maxFiles) return files;
    for (const entry of batch) {
      if (entry.isFile)
        files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    }
  }
}
