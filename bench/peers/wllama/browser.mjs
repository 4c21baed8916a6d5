// One visit of a page in a headless Chromium with a profile of its own: nothing of a round before is left, no compiled code either.
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

const kFlags = [
  '--headless', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-sync', '--disable-component-update',
  '--disable-background-networking', '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
  // Its sandbox refuses to start for root.
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

export function chromiumVersion() {
  return execFileSync('chromium', ['--version'], {stdio: ['ignore', 'pipe', 'ignore']}).toString().trim();
}

// Children of a browser that ended still write while they end.
async function remove(folder) {
  for (let tries = 0; tries < 20; ++tries) {
    if (await rm(folder, {recursive: true, force: true}).then(() => true, () => false)) return;
    await sleep(250);
  }
  console.error(`${folder} stays: something still writes into it`);
}

/// What the page posts, less `error`, which is thrown.
export async function visit(server, page, query, limitMs) {
  const profile = mkdtempSync(join(tmpdir(), 'sotto-chromium-'));
  const {id, posted} = server.result();
  const url = `${server.url}${page}?${new URLSearchParams({...query, result: id})}`;
  const chromium = spawn('chromium', [...kFlags, `--user-data-dir=${profile}`, url], {stdio: 'ignore'});
  const exited = once(chromium, 'exit');
  let timer;
  const late = new Promise((_, reject) => timer = setTimeout(reject, limitMs, new Error(`${page} posted nothing in ${limitMs / 1000} s`)));
  try {
    const result = await Promise.race([posted, late, exited.then(([code]) => { throw new Error(`chromium ended with ${code}`); })]);
    if (result.error) throw new Error(`${page}: ${result.error}`);
    return result;
  } finally {
    clearTimeout(timer);
    chromium.kill();
    await exited.catch(() => {});
    await remove(profile);
  }
}
