/** Imports modules of web/src as they are, without a build of the package. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const webFolder = fileURLToPath(new URL('../../../web/', import.meta.url));
export const requireFromWeb = createRequire(new URL('../../../web/package.json', import.meta.url));

/** The exports of all these files of web/src in one module. */
export async function importSources(...files) {
  return importBundled(files.map((file) => `export * from './src/${file}';`).join('\n'));
}

/** A module with this text, as if it lay in web/. `folder`: where packages that stay outside the bundle are looked for. */
export async function importBundled(contents, folder = tmpdir(), external = []) {
  const { build } = requireFromWeb('esbuild');
  const own = mkdtempSync(join(folder, 'sotto-'));
  try {
    const outfile = join(own, 'bundle.mjs');
    await build({
      stdin: { contents, resolveDir: webFolder, loader: 'ts' },
      bundle: true, outfile, external, format: 'esm', platform: 'neutral', target: 'es2022', logLevel: 'silent',
    });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(own, { recursive: true });
  }
}
