/** Threads need a page that is isolated. Our server sends the headers for that; elsewhere the page's service worker adds them,
 * from the second opening on. Nothing here reloads by itself: the visitor does, or the next visit brings it. */
import { button, h } from './dom.ts';

/** Makes the page open without a network; quietly does nothing where that is not allowed. */
export function keepOffline(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return;
  const register = () => navigator.serviceWorker.register('./service-worker.js').catch(() => undefined);
  // After the first paint and its files: it fetches the whole page once more.
  if (document.readyState === 'complete') void register();
  else addEventListener('load', () => void register());
}

/** A note for pages without isolation, or nothing. */
export function isolationNote(): HTMLElement | undefined {
  if (globalThis.crossOriginIsolated) return undefined;
  const text = h(
    'span',
    {},
    'Models run on one thread here: this host does not send the headers that let a page share memory between threads.',
  );
  const note = h('p', { class: 'note' }, text);
  const worker = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  // A page that the worker served and that is still not isolated would not become so by another reload.
  if (worker && !worker.controller && import.meta.env.PROD) {
    void worker.ready.then(() => {
      text.append(' Opened once more, this page adds them itself.');
      note.append(
        h(
          'span',
          { class: 'buttons' },
          button('Reload for more threads', () => location.reload()),
        ),
      );
    });
  }
  return note;
}
