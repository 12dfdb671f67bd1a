// <tailblazer-lab preset="wsd" ui="compact" hide="branch,esd"></tailblazer-lab>: an experiment as an element of any page.
// Attributes are the words of a link (EMBED.md); "experiment" is what stands behind its "#". Events of the frame come as
// events "tailblazer-ready", "tailblazer-state" and "tailblazer-refused" with their message as detail.

(() => {
const WORDS = ['preset', 'ui', 'hide', 'lock', 'theme', 'lang', 'autostart', 'replay', 'story'];
// As a plain script it needs no permission of the server that it is from; a module says itself where it is from.
const HOME = new URL('.', document.currentScript?.src ?? globalThis.tailblazerHome);

class TailblazerLab extends HTMLElement {
  static observedAttributes = [...WORDS, 'experiment', 'title', 'width', 'height'];

  #frame = document.createElement('iframe');
  #listen = (event) => this.#take(event);

  constructor() {
    super();
    this.#frame.loading = 'lazy';
    this.#frame.allow = 'fullscreen; clipboard-write';
    this.#frame.style.cssText = 'border: 0; display: block; max-width: 100%';
    this.attachShadow({ mode: 'open' }).append(this.#frame);
  }

  connectedCallback() {
    addEventListener('message', this.#listen);
    this.#show();
  }

  disconnectedCallback() {
    removeEventListener('message', this.#listen);
  }

  attributeChangedCallback() {
    if (this.isConnected) this.#show();
  }

  /** Begins to train, or goes on. */
  play() { this.#send({ type: 'play' }); }
  /** Pauses. */
  pause() { this.#send({ type: 'pause' }); }
  /** Trains one step. */
  step() { this.#send({ type: 'step' }); }
  /** Goes back to step 0. */
  reset() { this.#send({ type: 'reset' }); }
  /** Opens the experiment of a link. */
  open(link) { this.#send({ type: 'open', link }); }
  /** Asks for the state, which comes as an event. */
  askState() { this.#send({ type: 'state' }); }

  #show() {
    const query = new URLSearchParams();
    for (const word of WORDS) if (this.hasAttribute(word)) query.set(word, this.getAttribute(word));
    const address = new URL('embed/', HOME);
    address.search = query.toString().replaceAll('%2C', ',');
    address.hash = this.getAttribute('experiment') ?? '';
    if (this.#frame.src !== address.href) this.#frame.src = address.href;
    this.#frame.title = this.getAttribute('title') ?? `Experiment: ${this.getAttribute('preset') ?? 'Tailblazer'}`;
    this.#frame.width = this.getAttribute('width') ?? '720';
    this.#frame.height = this.getAttribute('height') ?? '420';
  }

  #send(message) {
    this.#frame.contentWindow?.postMessage({ tailblazer: 1, ...message }, HOME.origin);
  }

  #take({ source, origin, data }) {
    if (source !== this.#frame.contentWindow || origin !== HOME.origin || data?.tailblazer !== 1) return;
    if (data.type === 'height' && !this.hasAttribute('height')) this.#frame.height = String(data.height);
    this.dispatchEvent(new CustomEvent(`tailblazer-${data.type}`, { detail: data, bubbles: true }));
  }
}

if (!customElements.get('tailblazer-lab')) customElements.define('tailblazer-lab', TailblazerLab);
})();
