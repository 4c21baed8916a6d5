/** A scripted stand-in for the package, for tests of the page's own behaviour: `vite build --mode fake`. Names decide what
 * happens: `too-big`, `missing`, `breaks` (in the first load), `no-template`, `slow` in a source; `fail`, `lost`, `long`, `markup`,
 * `untraced` in a prompt. */
import { SottoError } from '../../src/errors.ts';
import type { LoadOptions, Model, Plan, Progress, Source } from '../../src/types.ts';
import { FakeModel } from './model.ts';
import { models, remember, savedBytes } from './models.ts';
import { pause } from './pause.ts';

export { models, SottoError };
export type * from '../../src/types.ts';

const megabyte = 1e6;

function idOf(source: Source): string {
  if (typeof source === 'string') return source;
  if (source instanceof URL) return source.href;
  if (source instanceof File) return source.name;
  if (Array.isArray(source)) return (source as readonly File[]).map(({ name }) => name).join(' ');
  return 'unnamed';
}

function isLocal(source: Source): boolean {
  return typeof source !== 'string' && !(source instanceof URL);
}

function sizeOf(id: string): number {
  return id.includes('gemma') ? 253_113_024 : id.includes('too-big') ? 9_400 * megabyte : 98_362_432;
}

export async function plan(source: Source, options: LoadOptions = {}): Promise<Plan> {
  const id = idOf(source);
  await pause(id.includes('slow') ? 2000 : 30, options.signal);
  if (id.includes('missing')) throw new SottoError('not_found', `${id} answers with 404`, { where: id });
  const context = options.context ?? 4096;
  if (context > 100_000)
    throw new SottoError('invalid_argument', `context is ${context}, wanted 1 to 100000`, { where: 'context' });
  const weightsBytes = Math.round(sizeOf(id) * 1.04);
  const tokenizerBytes = 2_415_616;
  const kvBytes = context * (options.cache === 'q8_0' ? 12_240 : 23_040);
  const scratchBytes = 14_200_832;
  const totalBytes = weightsBytes + tokenizerBytes + kvBytes + scratchBytes;
  const downloadBytes = isLocal(source) ? 0 : sizeOf(id) - savedBytes(id);
  return { weightsBytes, tokenizerBytes, kvBytes, scratchBytes, totalBytes, downloadBytes, fits: totalBytes < 4000 * megabyte };
}

export async function load(source: Source, options: LoadOptions = {}): Promise<Model> {
  const id = idOf(source);
  const total = sizeOf(id);
  const fromStore = savedBytes(id) >= total;
  const local = isLocal(source);
  const file = decodeURIComponent(id.split('/').at(-1)!);
  const tell = (phase: Progress['phase'], loaded: number) =>
    options.onProgress?.({
      phase,
      file,
      loaded,
      total,
      bytesPerSecond: 24.6 * megabyte,
      remaining: (total - loaded) / (24.6 * megabyte),
      fromStore,
    });
  const steps = id.includes('slow') ? 400 : 12;
  const begin = fromStore || local ? 0 : savedBytes(id);
  for (let step = 0; step <= steps; ++step) {
    const loaded = Math.round(begin + ((total - begin) * step) / steps);
    tell(fromStore || local ? 'read' : 'download', loaded);
    await pause(20, options.signal);
    if (!fromStore && !local) remember(id, file, loaded, total);
    if (id.includes('breaks') && begin === 0 && step > steps / 3) throw new SottoError('io_error', 'the connection broke', { where: id });
  }
  tell('warm-up', total);
  await pause(40, options.signal);
  return new FakeModel(id, total, options);
}
