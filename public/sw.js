// The page without a network: everything that a visit needs is kept with its first one. `cargo xtask` writes the version,
// which is a digest of all files, and the list. A page and its files are always of one version: a new one waits until
// every tab of the old one is closed, or until its page says that it may take over.

const VERSION = 'VERSION';
const FILES = [];
const NAME = 'tailblazer-';
const CACHE = `${NAME}${VERSION}`;

self.addEventListener('install', (event) => {
  // Past the browser's own cache, which may hold files of another version under the same name.
  const wanted = FILES.map((file) => new Request(file, { cache: 'reload' }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(wanted)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const old = (await caches.keys()).filter((name) => name.startsWith(NAME) && name !== CACHE);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => {
  if (event.data?.type === 'take-over') self.skipWaiting();
  if (event.data?.type === 'keep') {
    event.waitUntil((async () => {
      const cache = await caches.open(CACHE);
      const missing = [];
      for (const file of event.data.files) if (!(await cache.match(file))) missing.push(file);
      await cache.addAll(missing);
      event.source?.postMessage({ type: 'kept' });
    })());
  }
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method === 'GET' && new URL(request.url).origin === self.location.origin) event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  // What stands behind "?" is for the page, not for the server.
  const known = await cache.match(request, { ignoreSearch: request.mode === 'navigate' });
  if (known) return known;
  const response = await fetch(request);
  // An engine that was chosen later, a recording that was looked at.
  if (response.ok && request.mode !== 'navigate') await cache.put(request, response.clone());
  return response;
}
