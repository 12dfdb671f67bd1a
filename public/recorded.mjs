// Recorded runs in place of the page, where the browser has no WASM SIMD: the curves of the posters, played from left to
// right.

import { poster, t, translate } from './words/words.mjs';

/** How long a recording plays. */
const SECONDS = 8;

const make = (name, properties = {}, ...inside) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
};

/** Covers what is still to come of a drawing; the answer uncovers it up to a share of its width. */
function cover(svg) {
  const axis = svg.querySelector('[stroke="var(--axis)"]')?.getAttribute('d').match(/[\d.]+/g) ?? [];
  const [left, , right, bottom] = axis.map(Number);
  if (!(right > left)) return () => {};
  const sheet = (attributes) => {
    const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    for (const [name, value] of Object.entries({ y: 16, fill: 'var(--surface)', ...attributes })) rect.setAttribute(name, value);
    svg.append(rect);
    return rect;
  };
  // The names at the ends of the curves come with the last step.
  const names = sheet({ x: right + 8, width: svg.viewBox.baseVal.width - right, height: bottom });
  const curves = sheet({ height: bottom - 17 });
  return (share) => {
    const from = left + share * (right - left);
    names.setAttribute('visibility', share < 1 ? 'visible' : 'hidden');
    curves.setAttribute('x', from);
    curves.setAttribute('width', share < 1 ? right + 8 - from : 0);
  };
}

async function show() {
  await translate().catch(() => {});
  const list = await (await fetch('posters/posters.json')).json();
  const place = document.querySelector('.alone');
  const choice = make('select', { ariaLabel: t('Guided experiments') });
  for (const { name, title } of list) choice.append(make('option', { value: name }, t(title)));
  const about = make('p');
  const figure = make('figure');
  const button = make('button', { type: 'button', className: 'btn primary' });
  button.dataset.testid = 'recorded-play';
  const range = make('input', { type: 'range', min: 0, max: 1, step: 'any', ariaLabel: t('Step of the recording') });
  range.dataset.testid = 'recorded-scrubber';
  const source = make('p', { className: 'note' });
  place.append(make('section', { className: 'recorded' }, choice, about, figure, make('div', {}, button, range), source));

  let uncover = () => {};
  let playsFrom = null;
  const go = (share) => {
    range.value = share;
    uncover(share);
  };
  const say = () => { button.textContent = playsFrom === null ? t('Play') : t('Pause'); };
  const frame = (now) => {
    if (playsFrom === null) return;
    const share = Math.min((now - playsFrom) / SECONDS / 1000, 1);
    go(share);
    if (share === 1) playsFrom = null;
    say();
    requestAnimationFrame(frame);
  };
  const stop = () => {
    playsFrom = null;
    say();
  };
  button.addEventListener('click', () => {
    if (playsFrom !== null) return stop();
    const at = range.value < 1 ? Number(range.value) : 0;
    playsFrom = performance.now() - at * SECONDS * 1000;
    say();
    requestAnimationFrame(frame);
  });
  range.addEventListener('input', () => {
    stop();
    go(Number(range.value));
  });
  const open = async () => {
    stop();
    const chosen = list.find(({ name }) => name === choice.value);
    about.textContent = t(chosen.text);
    source.textContent = t('recorded run: {where}', { where: chosen.recorded });
    const svg = await poster('posters', chosen.name);
    if (!svg || choice.value !== chosen.name) return;
    figure.replaceChildren(svg);
    uncover = cover(svg);
    go(1);
  };
  choice.addEventListener('change', open);
  await open();
}

show();
