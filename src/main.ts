import { version } from '../package.json';
import { fetchRecorded } from './ui/archiveFile';
import { mountApp } from './ui/mount';
import { Offline, serviceWorkers } from './ui/shell/offline.svelte';

/** The first paint is done and the first clicks are answered before the app is stored for use without a network. */
const storeAfter = 1500;

function mountPage(target: HTMLElement): void {
  // Asked for before anything is drawn; the coordinator's worker starts after the first paint.
  const recorded = fetchRecorded();
  const sources = {
    connect: async () => {
      const { connectJob } = await import('./coordinator/jobClient');
      return connectJob(
        new Worker(new URL('../workers/coordinator.worker.ts', import.meta.url), { type: 'module' }),
      );
    },
    recorded: () => recorded,
    version,
    models: async () => {
      const { connectModels } = await import('./modelsWorker/modelsClient');
      return connectModels(
        new Worker(new URL('../workers/models.worker.ts', import.meta.url), { type: 'module' }),
      );
    },
  };
  const offline = new Offline(import.meta.env.PROD ? serviceWorkers() : null);
  mountApp(target, sources, offline);
  setTimeout(() => void offline.start(new URL('service.worker.js', document.baseURI).href), storeAfter);
}

// The commands drive the job without the page: drawing it would take their time.
const query = new URLSearchParams(location.search);
const target = document.getElementById('app');
if (query.has('automation')) void import('./commands/automation');
else if (query.has('tools')) void import('./commands/toolsPage');
else if (target) mountPage(target);
