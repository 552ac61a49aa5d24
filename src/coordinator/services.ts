/** The parts of a coordinator put together: what each protocol of the page is answered by. */
import type { Handlers } from '../rpc/rpc';
import type { JobProtocol } from '../wire/jobApi';
import type { AdapterPlace } from '../wire/runs';
import { fetchCatalogue } from '../models/catalogue';
import { addAdapter, removeAdapter } from '../library/importedAdapters';
import { JobLock } from '../library/jobLock';
import { roomAdvice } from '../library/roomAdvice';
import { RunRepository } from '../library/runRepository';
import { HubSettings } from '../models/hubSettings';
import { ActiveJob } from './activeJob';
import { Coordinator } from './coordinator';
import type { CoordinatorParts } from './coordinatorParts';
import { deviceHandlers } from './deviceService';
import { EndpointKeys } from './endpointKeys';
import { Playground } from './playground';
import { validationMemory } from './validationMemory';
import { questionsHandlers } from './questionsService';
import { readRun, runsHandlers } from './runsService';
import { studentsHandlers } from './studentExport';

export interface Services {
  readonly coordinator: Coordinator;
  readonly handlers: Handlers<JobProtocol>;
  /** Another tab works: its end, however it comes, is to be noticed here. */
  hearOther(): void;
}

export function openServices(parts: CoordinatorParts): Services {
  const { store, base, version, peers = null, patience = 20_000, makers = {} } = parts;
  const emit: CoordinatorParts['emit'] = (event) => parts.emit(event);
  const announce = async (): Promise<void> => emit({ type: 'runs', runs: await repository.runs() });
  // A tab that dies sends nothing: the tab that waits for its lock notifies the pages that the run can be resumed.
  const lock = new JobLock(parts.locks, announce);
  const repository = new RunRepository(store, base, lock);
  const keys = new EndpointKeys();
  const hub = new HubSettings();
  const agents = {
    base,
    makers,
    endpointKey: (url: string) => keys.of(url),
    hub: () => hub.access(),
    storedTurns: (runId: string) => store.getTurns(runId),
    adapter: (place: AdapterPlace) => repository.adapter(place),
  };
  const openEngine = () => parts.openEngine(validationMemory(store));
  const advice = async (runId: string): Promise<string> =>
    roomAdvice(repository, (await parts.room?.())?.usage ?? null, runId);
  const job = new ActiveJob({ store, base, version, emit, openEngine, agents, patience, announce, advice });
  const engine = () => job.engine();
  const playground = new Playground({
    base,
    agents,
    lock,
    engine,
    adapter: (arm) => repository.adapter(arm),
  });
  const coordinator = new Coordinator({
    store,
    repository,
    lock,
    job,
    patience,
    peers,
    emit,
    announce,
    source: (runId) => readRun({ repository, emit }, runId),
    room: async () => (await parts.room?.()) ?? null,
    clear: () => playground.stop(),
  });
  const handlers: Handlers<JobProtocol> = {
    ...coordinator.handlers(),
    ...runsHandlers({
      store,
      repository,
      emit,
      announce,
      stop: async (runId) => {
        if (job.runId === runId) await job.stop();
      },
    }),
    ...questionsHandlers({ store, base, adapter: agents.adapter, hub: agents.hub }),
    ...keys.handlers(),
    setHub: (change) => hub.change(change),
    ...studentsHandlers({ base, lock, engine, adapter: (place) => repository.adapter(place) }),
    ...deviceHandlers(engine, lock),
    ask: (request, context) => playground.ask(request, context),
    adapters: () => repository.adapters(),
    importAdapter: async (files) => addAdapter(store, files, { base, catalogue: await fetchCatalogue(base) }),
    removeAdapter: (strategy) => removeAdapter(store, strategy),
  };
  return { coordinator, handlers, hearOther: () => void lock.watch().catch(() => undefined) };
}
