// Chromium from Debian and wllama from npm, when they are missing.
import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {peer, repository, wllamaPackage} from './paths.mjs';

const kMajor = 3;

export function install() {
  const script = '. platform/toolchain/debian.sh; want chromium chromium; want npm npm; install_wanted';
  execFileSync('bash', ['-c', `set -euo pipefail; ${script}`], {cwd: repository, stdio: ['ignore', 2, 2]});
  if (existsSync(`${wllamaPackage}/package.json`)) return;
  mkdirSync(peer, {recursive: true});
  const options = ['--silent', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', peer];
  execFileSync('npm', ['install', ...options, `@wllama/wllama@${kMajor}`], {stdio: ['ignore', 2, 2]});
}

export function wllamaVersion() {
  return JSON.parse(readFileSync(`${wllamaPackage}/package.json`)).version;
}
