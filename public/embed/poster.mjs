// The poster of a frame: the question, a recorded run and a button. Nothing that trains is loaded before the button.

import { poster as drawing, t, translate } from '../words/words.mjs';

const query = new URLSearchParams(location.search);
const name = query.get('preset') ?? '';
const ui = query.get('ui')?.split(',') ?? [];
const theme = query.get('theme');
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;

const at = (id) => document.getElementById(id);

/** The page itself, with the experiment of this frame. */
function address(starts, replays = false) {
  const wanted = new URLSearchParams(location.search);
  if (replays) wanted.set('replay', 'play');
  if (starts) wanted.set('autostart', 'visible');
  // The page is opened by this poster, and would take it for its embedding page.
  if (parent !== window && document.referrer && !wanted.has('origins')) wanted.set('origins', new URL(document.referrer).origin);
  // A small frame, unless the link says of what kind.
  if (!['full', 'compact', 'chart'].some((layout) => ui.includes(layout))) wanted.set('ui', [...ui, 'compact'].join(','));
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
  const svg = await drawing('../posters', poster.name);
  if (!svg) return;
  at('picture').prepend(svg);
  at('picture').hidden = false;
}

at('run').addEventListener('click', run);
at('watch').addEventListener('click', () => location.replace(address(false, true)));
const shown = [name && `preset=${encodeURIComponent(name)}`, ui.includes('decode') && 'ui=decode'].filter(Boolean);
at('full').href = `../${shown.length ? `?${shown.join('&')}` : ''}${location.hash}`;
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
