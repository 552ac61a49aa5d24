import { fetchRecorded } from './ui/archiveFile';
import { mountApp } from './ui/mount';

function mountPage(target: HTMLElement): void {
  // Asked for before anything is drawn; the coordinator's worker starts after the first paint.
  const recorded = fetchRecorded();
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

// The commands drive the job without the page: drawing it would take their time.
const query = new URLSearchParams(location.search);
const target = document.getElementById('app');
if (query.has('automation')) void import('./run/automation');
else if (query.has('tools')) void import('./run/toolsPage');
else if (target) mountPage(target);
