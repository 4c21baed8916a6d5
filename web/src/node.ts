/** The entry for Node, Deno and Bun. */
import { pathToFileURL } from 'node:url';

import { makeApi } from './api.ts';
import { models, toWire } from './sources/node.ts';
import { NodePort } from './spawn-node.ts';

function spawn(baseUrl: string | URL | undefined): NodePort {
  if (baseUrl === undefined) return new NodePort(new URL('./worker-node.js', import.meta.url));
  const base = baseUrl instanceof URL || baseUrl.startsWith('file:') ? baseUrl : pathToFileURL(`${baseUrl}/`);
  return new NodePort(new URL('worker-node.js', base));
}

const api = /* @__PURE__ */ makeApi({ spawn, toWire });
export const load = api.load;
export const inspect = api.inspect;
export const plan = api.plan;

export { models };
export { SottoError } from './errors.ts';
export { version } from './version.ts';
export type * from './types.ts';
