// Browsers that are not driven but opened: the page itself posts what it found. Needs firefox-esr, and MiniBrowser (package
// webkit2gtk-driver) with Xvfb.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const inPath = (name) => (process.env.PATH ?? '').split(':').map((folder) => join(folder, name)).find((path) => existsSync(path));
const firefox = inPath('firefox-esr') ?? inPath('firefox');
const xvfb = inPath('xvfb-run');
const [miniBrowser] = globSync('/usr/lib/*/webkit2gtk-4.?/MiniBrowser');

export const browsers = [
  {
    name: 'Firefox',
    missing: firefox ? false : 'firefox-esr is not installed',
    open: (url, folder) => run(firefox, ['--headless', '--no-remote', '--profile', folder, url], { HOME: folder }),
  },
  {
    name: 'WebKitGTK',
    missing: !miniBrowser ? 'webkit2gtk-driver is not installed' : xvfb ? false : 'xvfb is not installed',
    // Its sandbox does not start for root, nor in a container.
    open: (url, folder) =>
      run(xvfb, ['-a', miniBrowser, url], { HOME: folder, XDG_RUNTIME_DIR: folder, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' }),
  },
];

/** A group of its own: browsers are several processes. */
const run = (command, args, env) => spawn(command, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...env } });

/** Opens the address, waits for `posted`, ends the browser. */
export async function visit(browser, url, posted) {
  const folder = mkdtempSync(join(tmpdir(), 'sotto-browser-'));
  const child = browser.open(url, folder);
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`${browser.name} ended with ${code}`);
  });
  exited.catch(() => undefined);
  try {
    return await Promise.race([posted, exited]);
  } finally {
    if (child.exitCode === null) process.kill(-child.pid);
    await exited.catch(() => undefined);
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}
