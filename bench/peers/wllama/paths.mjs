// Where things lie: this repository's builds, and the cache that set-up scripts fill.
import {homedir} from 'node:os';
import {dirname, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
export const repository = resolve(here, '../../..');
export const builds = resolve(repository, 'build');
export const cache = process.env.SOTTO_CACHE ?? resolve(homedir(), '.cache/sotto');
// A folder of its own: an npm install beside other peers would remove the optional binaries that theirs left out of package.json.
export const peer = resolve(cache, 'peers/wllama');
export const wllamaPackage = resolve(peer, 'node_modules/@wllama/wllama');
