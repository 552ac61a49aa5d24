/** The service worker: the app works without a network after its first visit. The build writes the list of files. */
import { answerPage } from '../src/offline/answers';
import { AppCache } from '../src/offline/appCache';
import { appFiles, type ListedFile } from '../src/offline/appFiles';
import type { OfflineRequest } from '../src/offline/messages';
import { NetworkCut } from '../src/offline/networkCut';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: readonly (ListedFile | string)[] };

const { scope } = self.registration;
const cut = new NetworkCut();
const app = new AppCache(appFiles(self.__WB_MANIFEST), scope, caches, cut);

self.addEventListener('install', (event) => event.waitUntil(app.install()));

// The page that made the first visit is served from the cache at once; later builds wait for `activate`.
self.addEventListener('activate', (event) =>
  event.waitUntil(app.activate().then(() => self.clients.claim())),
);

self.addEventListener('fetch', (event) => {
  if (app.owns(event.request)) event.respondWith(app.answer(event.request));
});

// A notification brings its page back.
self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(
    self.clients
      .matchAll({ type: 'window' })
      .then(async ([page]) => void (await (page ? page.focus() : self.clients.openWindow('./')))),
  );
});

self.addEventListener('message', (event) => {
  const message = event.data as OfflineRequest;
  if (message.type === 'activate') event.waitUntil(self.skipWaiting());
  else
    event.waitUntil(
      answerPage(message, { app, cut, clients: self.clients, base: scope }).then(
        (answer) => event.ports[0]?.postMessage({ answer }),
        (thrown: unknown) => event.ports[0]?.postMessage({ failed: String(thrown) }),
      ),
    );
});
