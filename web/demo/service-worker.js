// Keeps the page's own files, so that it opens without a network, and adds the isolation headers where the host sends none: then
// a page that was opened once has threads from its next opening on. Models are no business of this worker: they go past it.
const files = 'FILES'; // both filled in by vite-offline.ts
const here = new URL('./', self.location.href).href;
const cachePrefix = `sotto-page ${here} `; // other pages of this origin keep theirs
const cacheName = `${cachePrefix}VERSION`;
const patienceMs = 3000; // the page is asked for from the network that long, then taken from the cache
const own = new Set(files.map((name) => here + name));

function isolated(response) {
  if (response.type !== 'basic' && response.type !== 'default') return response; // redirects cannot be rebuilt
  const headers = new Headers(response.headers);
  for (const [name, value] of [
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Embedder-Policy', 'require-corp'],
  ]) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function fromCache(address) {
  return (await caches.open(cacheName)).match(address, { ignoreVary: true });
}

// The newest page where there is a network; a newer page finds its newer files there as well.
async function page(request) {
  const kept = await fromCache(`${here}index.html`);
  const fresh = fetch(request).then((response) => (response.ok || !kept ? response : kept));
  if (!kept) return isolated(await fresh);
  const late = new Promise((resolve) => setTimeout(resolve, patienceMs, kept));
  return isolated(await Promise.race([fresh, late]).catch(() => kept));
}

async function asset(request) {
  return isolated((await fromCache(request.url)) ?? (await fetch(request)));
}

self.addEventListener('install', (event) => {
  const requests = files.map((name) => new Request(here + name, { cache: 'no-cache' }));
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(requests)));
});

self.addEventListener('activate', (event) => {
  const outdated = (name) => name.startsWith(cachePrefix) && name !== cacheName;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(outdated).map((name) => caches.delete(name)))));
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const address = request.url.split(/[?#]/, 1)[0];
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate' && (address === here || address === `${here}index.html`)) event.respondWith(page(request));
  else if (own.has(address)) event.respondWith(asset(request));
});
