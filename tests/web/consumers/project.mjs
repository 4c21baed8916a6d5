// The package as npm packs it, installed into copies of the samples below build/consumers. Tools that web/ has are not installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const web = at('web');
const cache = at('build/consumers');
const limitMs = 300_000;

/** Why a consumer cannot be tried here: no registry, no program. */
export class Missing extends Error {}

/** Runs a program to its end. Throws with the end of what it printed. */
export function run(command, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio, timeout: limitMs });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve({ stdout, stderr });
      else reject(new Error(`${basename(command)} ${args.join(' ')}: ${signal ?? code}\n${(stdout + stderr).slice(-4000)}`));
    });
  });
}

/** Starts a server, which prints its address. Returns that; `context.after` ends it. */
export function start(context, command, args, { cwd, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true };
    const child = spawn(command, args, options);
    const ended = new Promise((done) => child.on('close', done));
    context.after(async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid); // with those that it started
      await ended;
    });
    let printed = '';
    const timer = setTimeout(() => reject(new Error(`${basename(command)}: no address within 60 s\n${printed}`)), 60_000);
    const read = (text) => {
      printed += text;
      // Colours come between the characters.
      const [address] = /http:\/\/(localhost|127\.0\.0\.1):\d+/.exec(printed.replace(/\x1b\[[\d;]*m/g, '')) ?? [];
      if (address) resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('error', reject);
    child.on('close', (code) => reject(new Error(`${basename(command)} ${args.join(' ')}: ${code}\n${printed.slice(-4000)}`)));
    void Promise.allSettled([ended]).then(() => clearTimeout(timer));
  });
}

let packed;
/** Path of the packed package. Its name tells its content, so that npm notices another one. */
export const pack = () =>
  (packed ??= (async () => {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'pack-'));
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: web });
    const [file] = readdirSync(folder);
    const hash = createHash('sha256').update(readFileSync(join(folder, file))).digest('hex').slice(0, 12);
    const named = `sotto-${hash}.tgz`;
    renameSync(join(folder, file), join(cache, named));
    rmSync(folder, { recursive: true });
    const older = readdirSync(cache).filter((name) => name.endsWith('.tgz') && name !== named);
    for (const name of older) rmSync(join(cache, name), { force: true });
    return join(cache, named);
  })());

const versionIn = (folder, name) => {
  const path = join(folder, 'node_modules', name, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : undefined;
};
export const versionOf = (folder, name) => versionIn(folder, name) ?? versionIn(web, name);

/** Path of a program that a sample's tool brings. */
export const program = (folder, name) =>
  [folder, web].map((place) => join(place, 'node_modules/.bin', name)).find((path) => existsSync(path));

const isBuilt = (path) => ['node_modules', 'dist', '.next'].includes(basename(path));

/** A copy of a sample with its packages; `more` are packages the sample itself does without. Throws Missing. */
export async function project(sample, { name = sample, more = {} } = {}) {
  const folder = join(cache, name);
  cpSync(join(web, 'samples', sample), folder, { recursive: true, filter: (path) => !isBuilt(path) });
  const about = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  about.dependencies = { ...about.dependencies, ...more, sotto: `file:${await pack()}` };
  const tools = Object.entries(about.devDependencies ?? {}).filter(([name]) => versionIn(web, name) === undefined);
  about.devDependencies = Object.fromEntries(tools);
  writeFileSync(join(folder, 'package.json'), JSON.stringify(about, null, 2));
  const isAlone = tools.length === 0 && Object.keys(about.dependencies).length === 1;
  const options = ['--no-audit', '--no-fund', '--no-package-lock', ...(isAlone ? ['--offline'] : [])];
  try {
    await run('npm', ['install', ...options], { cwd: folder });
  } catch (error) {
    if (isAlone || !/E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|40[34])|network/.test(error.message)) throw error;
    const wanted = [...tools.map(([name]) => name), ...Object.keys(about.dependencies)];
    throw new Missing(`npm install: the registry does not give ${wanted.join(', ')}`);
  }
  return folder;
}
