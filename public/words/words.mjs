// The page's words for what is drawn without its program: the poster of a frame, and recorded runs.

const query = new URLSearchParams(location.search);

/** The language: of the link, or else as the page itself chooses it (browser/language.rs). */
function language() {
  let remembered = null;
  try {
    remembered = localStorage.getItem('tailblazer.language');
  } catch {
    // Nothing is remembered where storage is blocked, as in many frames.
  }
  const wanted = [query.get('lang'), remembered, ...navigator.languages];
  return wanted.map((tag) => tag?.split('-')[0]).find((tag) => tag === 'en' || tag === 'de') ?? 'en';
}

let words = {};

/** The language that is spoken. */
export const spoken = language();

/** A text in the language that is spoken, with values in place of the names in braces. */
export const t = (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** Loads the words of another language than English; without them all stays as it is. */
export async function translate() {
  if (spoken === 'en') return;
  words = await (await fetch(new URL(`${spoken}.json`, import.meta.url))).json();
  document.documentElement.lang = spoken;
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.textContent);
}

/** The drawing of an experiment's recorded run, without a size of its own; none where it is none. */
export async function poster(folder, name) {
  const file = `${encodeURIComponent(name)}${spoken === 'en' ? '' : `.${spoken}`}.svg`;
  const picture = await (await fetch(`${folder}/${file}`)).text();
  const svg = new DOMParser().parseFromString(picture, 'image/svg+xml').documentElement;
  if (svg.localName !== 'svg') return null;
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  return document.importNode(svg, true);
}
