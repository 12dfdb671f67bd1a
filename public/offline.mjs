// Keeps the page for visits without a network. Not in a frame of somebody else's page, and nowhere where the browser keeps
// nothing, as in a private window.

/** A module with a relaxed multiply-add, as in browser/simd.rs: which of the two CPU engines this browser loads. */
const RELAXED = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  65, 0, 253, 15, 253, 133, 2, 11,
]);

/** Says that a newer version is here. The page may listen later, so the mark stays. */
function say() {
  document.documentElement.dataset.update = 'ready';
  dispatchEvent(new Event('tailblazer-update'));
}

/** Follows a new version until it waits, and lets it take over when the page asks for it. */
function follow(registration) {
  const worker = navigator.serviceWorker;
  const watch = (next) => next?.addEventListener('statechange', () => {
    // Without a controller it is the first version, which nobody waits for.
    if (next.state === 'installed' && worker.controller) say();
  });
  if (registration.waiting && worker.controller) say();
  watch(registration.installing);
  registration.addEventListener('updatefound', () => watch(registration.installing));

  let isAsked = false;
  addEventListener('tailblazer-take-over', () => {
    isAsked = true;
    if (registration.waiting) registration.waiting.postMessage({ type: 'take-over' });
    // It took over already, from another tab.
    else location.reload();
  });
  let isControlled = Boolean(worker.controller);
  worker.addEventListener('controllerchange', () => {
    // What runs here stays, also where another tab let the new version take over.
    if (isAsked) location.reload();
    else if (isControlled) say();
    isControlled = true;
  });
}

async function keep() {
  const registration = await navigator.serviceWorker.register('sw.js');
  follow(registration);
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
