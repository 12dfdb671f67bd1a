// Keeps the page for visits without a network. Not in a frame of somebody else's page, and nowhere where the browser keeps
// nothing, as in a private window.

/** A module with a relaxed multiply-add, as in browser/simd.rs: which of the two CPU engines this browser loads. */
const RELAXED = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  65, 0, 253, 15, 253, 133, 2, 11,
]);

async function keep() {
  const registration = await navigator.serviceWorker.register('sw.js');
  const say = () => dispatchEvent(new Event('tailblazer-update'));
  if (registration.waiting && navigator.serviceWorker.controller) say();
  registration.addEventListener('updatefound', () => {
    const next = registration.installing;
    next?.addEventListener('statechange', () => {
      // Without a controller it is the first version, which nobody waits for.
      if (next.state === 'installed' && navigator.serviceWorker.controller) say();
    });
  });
  const { active } = await navigator.serviceWorker.ready;
  const engine = WebAssembly.validate(RELAXED) ? 'engine-relaxed' : 'engine-cpu';
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    if (data?.type === 'kept') document.documentElement.dataset.offline = 'ready';
  });
  active.postMessage({ type: 'keep', files: [`${engine}_loader.js`, `${engine}.js`, `${engine}_bg.wasm`] });
}

/** Whether a development server reloads this page: what it kept would be the page before the last edit. */
const isEdited = [...document.scripts].some((script) => script.textContent.includes('.well-known/trunk'));

if (window.top === window && 'serviceWorker' in navigator && !isEdited) {
  addEventListener('load', () => keep().catch(() => {
    // It trains all the same; the next visit needs the network again.
  }));
}
