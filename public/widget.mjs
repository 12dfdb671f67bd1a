// An experiment in a notebook or a MyST page (anywidget): the traits "preset", "ui", "hide", "lock", "theme", "lang", "experiment"
// and "height" are the attributes of <tailblazer-lab>; the trait "state" has the last state that the frame reported.

globalThis.tailblazerHome ??= new URL('.', import.meta.url).href;
await import('./embed.js');

const TRAITS = ['preset', 'ui', 'hide', 'lock', 'theme', 'lang', 'experiment', 'height'];

function render({ model, el }) {
  const lab = document.createElement('tailblazer-lab');
  const take = (trait) => {
    const value = model.get(trait);
    if (value === undefined || value === null || value === '') lab.removeAttribute(trait);
    else lab.setAttribute(trait, String(value));
  };
  const listeners = TRAITS.map((trait) => [`change:${trait}`, () => take(trait)]);
  TRAITS.forEach(take);
  listeners.forEach(([event, listener]) => model.on(event, listener));
  lab.addEventListener('tailblazer-state', ({ detail }) => {
    model.set('state', detail);
    model.save_changes();
  });
  el.append(lab);
  return () => listeners.forEach(([event, listener]) => model.off(event, listener));
}

export default { render };
