// Who uses the package, and how: each is a sample, tried as its README says.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { cache } from '../engine/real-models.mjs';
import { isolation, open, serve, strict } from '../engine/site.mjs';
import { Missing, program, project, run, start, versionOf } from './project.mjs';
import { visit } from './visit.mjs';

const inPage = (site, { modelUrl, question }) => visit(site, modelUrl, question);
const quiet = { NEXT_TELEMETRY_DISABLED: '1', NO_COLOR: '1' };

async function viteFolder(how) {
  const folder = await project('vite');
  return { folder, vite: (...args) => how(program(folder, 'vite'), args, { cwd: folder }) };
}

async function inProgram(command, args, { modelPath, question }, folder) {
  const { stdout, stderr } = await run(command, [...args, 'main.mjs', modelPath, question], { cwd: folder });
  const { info, result } = JSON.parse(stderr.slice(stderr.indexOf('{')));
  if (stdout !== result.text) throw new Error(`it printed ${JSON.stringify(stdout)}, not ${JSON.stringify(result.text)}`);
  return { ...result, ...info };
}

async function node(command, context) {
  const folder = await project('node');
  const version = (await run(command, ['--version'])).stdout.trim();
  return { version, ...(await inProgram(command, [], context, folder)) };
}

/** A static page, by a server with these headers. */
async function staticPage(context, headers, change = {}) {
  const folder = await project('static-html');
  const texts = { ...change, '/model.gguf': readFileSync(context.modelPath) };
  return visit(await serve(context, folder, { headers, texts }), '/model.gguf', context.question);
}

/** `build`: the bundler's flag; absent: the server builds. */
async function next(context, server, build) {
  const folder = await project('next');
  rmSync(join(folder, '.next'), { recursive: true, force: true });
  const command = program(folder, 'next');
  if (build) await run(command, ['build', ...build], { cwd: folder, env: quiet });
  const site = await start(context, command, [server, '-p', '0'], { cwd: folder, env: quiet });
  return { version: versionOf(folder, 'next'), ...(await inPage(site, context)) };
}

async function webpack(context, how) {
  const folder = await project('webpack');
  const command = program(folder, 'webpack');
  return { version: versionOf(folder, 'webpack'), ...(await inPage(await how(folder, command), context)) };
}

/** Other programs that run scripts. */
async function runtime(name, args, context) {
  const folder = await project('node', { name, more: { [name]: 'latest' } });
  const command = program(folder, name);
  return { version: versionOf(folder, name), ...(await inProgram(command, args, context, folder)) };
}

const node24 = join(cache, 'emscripten/bin/node');

/** isQuick: needs only what web/ has installed. unthreaded: why there is one thread. `try` is given what to ask (question),
 * of which model (modelPath; modelUrl on another origin), and where to register what ends servers (after). */
export const consumers = {
  node: { title: 'Node', isQuick: true, try: (context) => node(process.execPath, context) },
  node24: {
    title: 'Node',
    isQuick: true,
    async try(context) {
      if (!existsSync(node24)) throw new Missing('there is no Node of Emscripten: ./run build wasm');
      return node(node24, context);
    },
  },
  static: { title: 'static page', mode: 'same origin', isQuick: true, try: (context) => staticPage(context, isolation) },
  policy: { title: 'static page', mode: 'strict CSP', isQuick: true, try: (context) => staticPage(context, strict) },
  plain: {
    title: 'static page',
    mode: 'no headers',
    isQuick: true,
    unthreaded: /not cross-origin isolated/,
    try: (context) => staticPage(context, {}),
  },
  'document-policy': {
    title: 'static page',
    mode: 'Document-Isolation-Policy',
    isQuick: true,
    try: (context) => staticPage(context, { 'Document-Isolation-Policy': 'isolate-and-require-corp' }),
  },
  credentialless: {
    title: 'static page',
    mode: 'COEP credentialless',
    try: (context) => staticPage(context, { ...isolation, 'Cross-Origin-Embedder-Policy': 'credentialless' }),
  },
  'cross-origin': {
    title: 'static page',
    mode: 'package on another origin, strict CSP',
    isQuick: true,
    async try(context) {
      const folder = await project('static-html');
      const script = readFileSync(join(folder, 'main.js'), 'utf8');
      const cdn = await serve(context, join(folder, 'node_modules/sotto/dist'), { headers: open });
      const changed = script.replace('./node_modules/sotto/dist', cdn);
      if (changed === script) throw new Error('the sample does not name the folder of the package');
      const scripts = `script-src 'self' ${cdn} 'wasm-unsafe-eval'; worker-src blob: ${cdn}`;
      const policy = `default-src 'self'; ${scripts}; connect-src 'self' ${cdn}; img-src data:`;
      return staticPage(context, { ...isolation, 'Content-Security-Policy': policy }, { '/main.js': changed });
    },
  },
  serve: {
    title: 'static page',
    mode: "the sample's own server",
    isQuick: true,
    async try(context) {
      const folder = await project('static-html');
      return inPage(await start(context, process.execPath, ['serve.mjs', '0'], { cwd: folder }), context);
    },
  },
  esbuild: {
    title: 'esbuild',
    mode: 'sotto/inline, strict CSP',
    isQuick: true,
    async try(context) {
      const folder = await project('esbuild');
      const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const [, ...args] = scripts.build.split(' ');
      await run(program(folder, 'esbuild'), args, { cwd: folder });
      rmSync(join(folder, 'node_modules'), { recursive: true }); // all is in the script
      const policy = "default-src 'self'; script-src 'self' blob: 'wasm-unsafe-eval'; worker-src blob:; img-src data:";
      const headers = { ...isolation, 'Content-Security-Policy': policy };
      const site = await serve(context, folder, { headers, texts: { '/model.gguf': readFileSync(context.modelPath) } });
      return { version: versionOf(folder, 'esbuild'), ...(await visit(site, '/model.gguf', context.question)) };
    },
  },
  'vite-build': {
    title: 'Vite',
    mode: 'build, preview',
    isQuick: true,
    async try(context) {
      const { folder, vite } = await viteFolder(run);
      await vite('build');
      const site = await start(context, program(folder, 'vite'), ['preview', '--port', '0'], { cwd: folder });
      return { version: versionOf(folder, 'vite'), ...(await inPage(site, context)) };
    },
  },
  'vite-dev': {
    title: 'Vite',
    mode: 'dev server',
    isQuick: true,
    async try(context) {
      const { folder, vite } = await viteFolder((...args) => start(context, ...args));
      return { version: versionOf(folder, 'vite'), ...(await inPage(await vite('--port', '0', '--force'), context)) };
    },
  },
  'webpack-build': {
    title: 'webpack',
    mode: 'build',
    try: (context) =>
      webpack(context, async (folder, command) => {
        await run(command, ['--mode', 'production'], { cwd: folder });
        return serve(context, folder, { headers: isolation });
      }),
  },
  'webpack-dev': {
    title: 'webpack',
    mode: 'dev server',
    try: (context) =>
      webpack(context, (cwd, command) => start(context, command, ['serve', '--mode', 'development'], { cwd })),
  },
  'next-turbopack': { title: 'Next', mode: 'build by Turbopack', try: (context) => next(context, 'start', ['--turbopack']) },
  'next-webpack': { title: 'Next', mode: 'build by webpack', try: (context) => next(context, 'start', ['--webpack']) },
  'next-dev': { title: 'Next', mode: 'dev server (Turbopack)', try: (context) => next(context, 'dev') },
  deno: { title: 'Deno', try: (context) => runtime('deno', ['run', '-A'], context) },
  bun: { title: 'Bun', unthreaded: /Bun does not start threads/, try: (context) => runtime('bun', [], context) },
};
