import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** Writes `service-worker.js` beside the built page, with the list of all its files and a version that is the hash of them. */
export function offline(source: string): Plugin {
  let folder = '';
  return {
    name: 'sotto:offline',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    async closeBundle() {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(folder.length + 1)
            .replaceAll('\\', '/'),
        )
        .filter((name) => !name.startsWith('.vite/') && name !== 'service-worker.js')
        .sort();
      const text = readFileSync(source, 'utf8');
      const hash = createHash('sha256').update(text);
      for (const name of files) hash.update(name).update(readFileSync(join(folder, name)));
      const worker = text.replace("'FILES'", JSON.stringify(files)).replace('VERSION', hash.digest('hex').slice(0, 12));
      await writeFile(join(folder, 'service-worker.js'), worker);
    },
  };
}
