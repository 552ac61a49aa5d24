import { fetchRecorded } from './ui/archiveFile';
import { mountApp } from './ui/mount';

// Asked for before anything is drawn; the coordinator's worker starts after the first paint.
const recorded = fetchRecorded();
const target = document.getElementById('app');
if (target) {
  mountApp(target, {
    connect: async () => {
      const { connectJob } = await import('./run/jobClient');
      return connectJob(
        new Worker(new URL('../workers/coordinator.worker.ts', import.meta.url), { type: 'module' }),
      );
    },
    recorded: () => recorded,
  });
}

const query = new URLSearchParams(location.search);
if (query.has('automation')) void import('./run/automation');
if (query.has('tools')) void import('./run/toolsPage');
