// Says so where the browser has no WASM SIMD, which the whole program is built with; main.rs leaves the page alone then.
(() => {
  // The smallest module that uses it.
  const probe = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
  if (typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(probe))) return;
  const place = document.getElementById('loading');
  place.removeAttribute('id');
  const sentence = place.querySelector('p');
  sentence.dataset.testid = 'unsupported';
  sentence.setAttribute('role', 'alert');
  sentence.dataset.t = '';
  sentence.textContent = 'This browser cannot train here: it has no WASM SIMD; a current Chrome, Edge, Firefox or Safari has it.';
  // Where modules are unknown too, the sentence is all.
  import(new URL('recorded.mjs', document.baseURI)).catch(() => {});
})();
