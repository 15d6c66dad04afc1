import { JSDOM } from 'jsdom';

const copied = [
  'window',
  'document',
  'HTMLElement',
  'Element',
  'Node',
  'MutationObserver',
  'sessionStorage',
  'localStorage',
  'getComputedStyle',
  'requestAnimationFrame',
  'cancelAnimationFrame',
  'Event',
  'CustomEvent',
] as const;

/** Makes this process a page, before React is loaded. */
const dom = new JSDOM('<body></body>', { url: 'http://localhost:5173/', pretendToBeVisual: true });
for (const name of copied) Object.defineProperty(globalThis, name, { value: dom.window[name], configurable: true, writable: true });
Object.defineProperty(globalThis, 'navigator', { value: dom.window.navigator, configurable: true });
Object.defineProperty(globalThis, 'IS_REACT_ACT_ENVIRONMENT', { value: true, configurable: true, writable: true });
