import { fetchRecorded } from './ui/archiveFile';
import { mountApp } from './ui/mount';

// Asked for before anything is drawn; the engine's worker starts after the first paint.
const recorded = fetchRecorded();
const target = document.getElementById('app');
if (target) {
  mountApp(target, {
    connect: async () => (await import('./ui/connect')).connectJob(),
    recorded: () => recorded,
  });
}

if (new URLSearchParams(location.search).has('automation')) void import('./run/automation');
