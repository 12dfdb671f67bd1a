// The poster of a frame: the question, a recorded run and a button. Nothing that trains is loaded before the button.

const query = new URLSearchParams(location.search);
const name = query.get('preset') ?? '';
const theme = query.get('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;

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

const spoken = language();
let words = {};
/** A text in the language that is spoken, with values in place of the names in braces. */
const t = (text, values = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);

/** Loads the words of another language than English; without them the poster stays as it is. */
async function translate() {
  if (spoken === 'en') return;
  words = await (await fetch(`../words/${spoken}.json`)).json();
  document.documentElement.lang = spoken;
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.textContent);
}

const at = (id) => document.getElementById(id);

/** The page itself, with the experiment of this frame. */
function address(starts, replays = false) {
  const wanted = new URLSearchParams(location.search);
  if (replays) wanted.set('replay', 'play');
  if (starts) wanted.set('autostart', 'visible');
  // The page is opened by this poster, and would take it for its embedding page.
  if (parent !== window && document.referrer && !wanted.has('origins')) wanted.set('origins', new URL(document.referrer).origin);
  if (!wanted.has('ui')) wanted.set('ui', 'compact');
  // Commas stay readable.
  return `../?${wanted.toString().replaceAll('%2C', ',')}${location.hash}`;
}

function run() {
  location.replace(address(true));
}

/** Tells the embedding page what happens here, in the words of EMBED.md. */
function tell(message) {
  if (parent !== window) parent.postMessage({ tailblazer: 1, ...message }, '*');
}

async function show() {
  const list = await (await fetch('../posters/posters.json')).json();
  const poster = list.find((known) => known.name === name);
  if (!poster) return;
  at('title').textContent = t(poster.title);
  at('text').textContent = t(poster.text);
  const { arms, seeds, steps } = poster;
  at('size').textContent = t('{arms} arms, {seeds} seeds, {steps} steps', { arms, seeds, steps });
  document.title = t(poster.title);
  // A recording is of the experiment as it is, without the changes of a fragment.
  at('watch').hidden = location.hash.length > 1;
  at('recorded').textContent = t('recorded run: {where}', { where: poster.recorded });
  const file = `${encodeURIComponent(poster.name)}${spoken === 'en' ? '' : `.${spoken}`}.svg`;
  const picture = await (await fetch(`../posters/${file}`)).text();
  const svg = new DOMParser().parseFromString(picture, 'image/svg+xml').documentElement;
  if (svg.localName !== 'svg') return;
  svg.removeAttribute('width');
  svg.removeAttribute('height');
  at('picture').prepend(document.importNode(svg, true));
  at('picture').hidden = false;
}

at('run').addEventListener('click', run);
at('watch').addEventListener('click', () => location.replace(address(false, true)));
at('full').href = `../${name ? `?preset=${encodeURIComponent(name)}` : ''}${location.hash}`;
addEventListener('message', (event) => {
  const isCommand = event.source === parent && parent !== window && event.data?.tailblazer === 1;
  // Before it runs a frame knows one command; who may give it is checked by the page that it leads to.
  if (isCommand && event.data.type === 'play') run();
});
if (query.get('autostart') === 'visible') {
  const observer = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) run();
  });
  observer.observe(document.body);
}
tell({ type: 'ready', poster: true, link: address(false) });
translate()
  .catch(() => {})
  .then(show)
  .catch(() => {
    at('recorded').textContent = t('The recorded run did not load.');
  });
