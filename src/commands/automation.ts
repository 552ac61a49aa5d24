/** What the commands drive in a headless page: `window.arklet`. Loaded only when the address has ?automation. */
import {
  ArkletError,
  asArkletError,
  ConfigError,
  DownloadError,
  errorFromData,
  InterruptedError,
  StorageError,
  type ErrorData,
} from '../core/errors';
import type { StartRequest } from '../wire/control';
import type { JobApi } from '../wire/jobApi';
import type { JobEvent } from '../wire/jobEvents';
import { modelCard } from '../exports/modelCard';
import type { RunRecord } from '../records/runRecords';
import type { Question } from '../records/records';
import { reportMarkdown } from '../eval/markdown';
import { isDatasetName } from '../specs/dataset';
import { usableQuestions } from '../tasks/questionFiles';
import { trajectoriesJsonl } from '../records/trajectories';
import { packArchive, timingsJsonl, unpackArchive } from '../records/archiveFile';
import type { RunConfig } from '../settings/config';
import { configFromFlags } from '../settings/flags';
import { configIdentity, givenEvaluation } from '../settings/scopes';
import { commandError } from './commandError';
import { hopelessError, questionLines } from './questionLines';
import { eventLines, reportLines } from './runLines';
import { connectJob } from '../coordinator/jobClient';
import type { WebllmCheckRequest, WebllmCheckResult } from './webllmCheck';

export interface DistilRequest {
  /** Flags that set the config, without dashes. */
  readonly flags: Readonly<Record<string, string>>;
  /** Address of the one question file or of the training file, or a dataset's name (`hf:`); null for the generator. */
  readonly questions: string | null;
  /** The same of the test file, and of the evaluation files by the name of their set. */
  readonly test?: string | null;
  readonly sets?: Readonly<Record<string, string>>;
  /** Address of a run's archive whose debate is used again. */
  readonly from: string | null;
  /** Keys of endpoints by address. */
  readonly keys: Readonly<Record<string, string>>;
  /** The hub's token and its mirror, null where there is none; absent, neither. */
  readonly hub?: { readonly token: string | null; readonly mirror: string | null };
  /** Address under which outputs are PUT, ending with a slash. */
  readonly out: string;
}

/** Everything that crosses into the page resolves: failures are data. */
export type Outcome<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData };

export interface Automation {
  distil(request: DistilRequest): Promise<Outcome<{ readonly name: string }>>;
  /** Stops the job in hand; `distil` then ends with code "interrupted". */
  stop(): Promise<void>;
  /** What `check:webllm` asks beyond a run. */
  webllm(request: Omit<WebllmCheckRequest, 'say'>): Promise<Outcome<WebllmCheckResult>>;
}

declare global {
  interface Window {
    arklet?: Automation;
    /** Set by the command: hears every event of the job but the text and turns. */
    arkletEvent?: (event: JobEvent) => void;
    /** Set by the command: hears lines of progress. */
    arkletSay?: (line: string) => void;
  }
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) {
    throw new DownloadError(
      `${url} could not be read (${response?.status ?? 'no answer'}).`,
      'Check the path.',
    );
  }
  return response;
}

async function put(url: string, body: string | Uint8Array): Promise<void> {
  const response = await fetch(url, { method: 'PUT', body: body as BodyInit });
  if (!response.ok) {
    throw new DownloadError(`${url} could not be written (${response.status}).`, 'Check the output folder.');
  }
}

/** Milliseconds between two questions about the run, and until one without an answer ends the command. */
const askEvery = 10_000;
const patience = 300_000;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What a worker answers. Throws ArkletError when it no longer does. */
function answered<T>(work: Promise<T>): Promise<T> {
  const silent = pause(patience).then((): never => {
    throw new ArkletError(
      `The run has not answered for ${patience / 1000} s.`,
      'Run the same command again: it continues where it stopped.',
    );
  });
  return Promise.race([work, silent]);
}

/** A line on the command's stderr. */
const say = (line: string): void => window.arkletSay?.(line);

/** Most rows of one kind that are named one by one. */
const linesSaid = 10;

/** Rows of a file at an address, or of a dataset of the hub by its name. */
async function readPlace(api: JobApi, place: string): Promise<{ name: string; bytes: Uint8Array }> {
  if (isDatasetName(place)) {
    const { name, bytes, rows, more } = await api.questions.fetchDataset(place);
    say(`${name}: ${rows} rows${more ? ', the first ones; it has more' : ''}.`);
    return { name, bytes };
  }
  const name = decodeURIComponent(place.slice(place.lastIndexOf('/') + 1));
  return { name, bytes: new Uint8Array(await (await get(place)).arrayBuffer()) };
}

/** Of a file that is trained on also those without an answer, where `labels` are others than right answers. */
async function readQuestions(
  api: JobApi,
  place: string,
  labels: RunConfig['labels'] = 'gold',
): Promise<readonly Question[]> {
  const { name, bytes } = await readPlace(api, place);
  const questions: Question[] = [];
  const { altered, rejected, unanswered } = await api.questions.readQuestions(
    { name, bytes },
    { onProgress: (some) => questions.push(...some) },
  );
  for (const { line, reason } of rejected.slice(0, linesSaid))
    say(`${name} line ${line} is left out: ${reason}.`);
  const unread = rejected.filter(({ answer }) => answer === true).length;
  if (rejected.length > linesSaid || unread > 0)
    say(
      `${rejected.length} rows of ${name} are left out` +
        (unread > 0 ? `, ${unread} of them because their right answer cannot be read.` : '.'),
    );
  const looked = altered.filter((each) => each.doubtful);
  for (const { line, written, read } of looked.slice(0, linesSaid))
    say(`${name} line ${line}: the answer "${written}" is read as "${read}".`);
  if (looked.length > linesSaid)
    say(`${looked.length} answers of ${name} are not read as written: check them.`);
  return usableQuestions({ questions, ...(unanswered && { unanswered }) }, labels);
}

/** The questions of all files that are named. */
async function readSources(
  api: JobApi,
  { questions, test = null, sets = {} }: DistilRequest,
  labels: RunConfig['labels'],
): Promise<Omit<StartRequest, 'config' | 'from'>> {
  const ofSets: Record<string, readonly Question[]> = {};
  for (const [name, url] of Object.entries(sets)) ofSets[name] = await readQuestions(api, url);
  return {
    questions: questions === null ? null : await readQuestions(api, questions, labels),
    ...(test !== null && { test: await readQuestions(api, test) }),
    ...(Object.keys(ofSets).length > 0 && { sets: ofSets }),
  };
}

/** Says what the chosen models cannot read or answer. Throws NothingToLearnError where a run could teach nothing. */
async function checkSources(
  api: JobApi,
  config: RunConfig,
  { questions, ...files }: Omit<StartRequest, 'config' | 'from'>,
): Promise<void> {
  if (questions === null) return;
  const check = await api.questions.checkQuestions({ config, questions, ...files });
  questionLines(check).forEach(say);
  // Without labels the student is trained on noise too: that is for trying the machinery.
  if (check.hopeless && config.labels !== 'none') throw hopelessError(check.hopeless);
}

/** Writes all files of a finished run. */
async function exportRun(api: JobApi, run: RunRecord, out: string): Promise<void> {
  // With its adapters: what is trained further on this debate does not train them again.
  const archive = await api.runs.wholeArchive(run.id);
  const { report } = archive;
  if (!report) throw new ConfigError(`${run.name} has no report.`, 'Let it run to its end.');
  await put(`${out}trajectories.jsonl`, trajectoriesJsonl(archive.turns));
  await put(`${out}timings.jsonl`, timingsJsonl(archive.timings));
  await put(`${out}run.arklet.json.gz`, packArchive(archive));
  for (const { strategy, seed } of archive.logs) {
    const files = await api.runs.adapter({ runId: run.id, strategy, seed });
    for (const [name, bytes] of Object.entries(files)) {
      await put(`${out}adapters/${strategy}-${seed}/${name}`, bytes);
    }
    await put(
      `${out}adapters/${strategy}-${seed}/README.md`,
      modelCard({ run: archive.run, report, strategy, seed }),
    );
  }
  await put(`${out}report.md`, reportMarkdown(report));
  await put(`${out}report.json`, `${JSON.stringify(report, null, 1)}\n`);
  reportLines(report).forEach(say);
}

function stopOf(name: string): ErrorData {
  return {
    code: 'interrupted',
    message: `${name} was stopped.`,
    hint: 'The same command continues where it stopped.',
  };
}

/** Starts a coordinator and exposes the automation. */
function startAutomation(): void {
  const worker = new Worker(new URL('../../workers/coordinator.worker.ts', import.meta.url), {
    type: 'module',
  });
  const client = connectJob(worker);
  const { api } = client;
  /** A coordinator that ended sends nothing more. */
  const gone: Promise<never> = new Promise((_, reject) => void client.gone?.then(reject));
  gone.catch(() => undefined);

  /** The command was stopped, perhaps before the run existed. */
  let stopped = false;

  function ending(): { of(runId: string): Promise<void>; close(): void } {
    const ended = new Map<string, RunRecord>();
    /** The last problem of each run: where its record cannot be written any more, this is why. */
    const problems = new Map<string, ErrorData>();
    /** What ended a run, also where nothing could be stored of it. */
    const ends = new Map<string, ErrorData>();
    let wake = (): void => undefined;
    const close = client.listen((event) => {
      if (event.type !== 'text' && event.type !== 'turn') window.arkletEvent?.(event);
      eventLines(event).forEach(say);
      if (event.type === 'error' && event.runId !== null) {
        problems.set(event.runId, event.error);
        // A page would wait until somebody makes room; a command says so and ends.
        if (event.error.details?.['full'] === true) {
          ends.set(event.runId, {
            ...event.error,
            hint: 'Free space on the disk, then run the same command again: it continues where it stopped.',
          });
          void api.control.stop().finally(() => wake());
        }
      }
      if (event.type === 'ended' && event.status !== 'done' && !ends.has(event.runId))
        ends.set(event.runId, event.error ?? stopOf(event.runId));
      if (event.type === 'ended') wake();
      if (event.type !== 'runs') return;
      for (const run of event.runs) {
        if (run.status === 'running' || run.status === 'paused') ended.delete(run.id);
        else ended.set(run.id, run);
      }
      wake();
    });
    return {
      close,
      async of(runId) {
        let asked = performance.now();
        for (;;) {
          const end = ends.get(runId);
          if (end) throw errorFromData(end);
          const run = ended.get(runId);
          if (run?.status === 'done') return;
          if (run) throw errorFromData(run.error ?? stopOf(run.name));
          // Events may fail to come: a run whose storage has gone cannot record its end.
          await Promise.race([new Promise<void>((resolve) => (wake = resolve)), pause(askEvery)]);
          if (performance.now() - asked < askEvery) continue;
          asked = performance.now();
          const now = await answered(api.runs.list()).catch((thrown: unknown) => {
            const problem = problems.get(runId);
            throw problem ? errorFromData(problem) : thrown;
          });
          const record = now.find(({ id }) => id === runId);
          if (!record) {
            throw new StorageError(
              'The run is no longer in the browser’s storage.',
              'Run the same command again: it starts from the beginning.',
            );
          }
          if (record.status === 'running' || record.status === 'paused') continue;
          const problem = problems.get(runId);
          const { status } = record;
          ended.set(
            runId,
            status === 'interrupted' && problem && !stopped ? { ...record, error: problem } : record,
          );
        }
      },
    };
  }

  function goOn(): void {
    if (stopped) throw new InterruptedError('Stopped.', 'The same command continues where it stopped.');
  }

  async function distil(request: DistilRequest): Promise<{ name: string }> {
    const { flags, from, keys, hub = { token: null, mirror: null }, out } = request;
    const config = configFromFlags(new Map(Object.entries(flags)));
    for (const [url, key] of Object.entries(keys)) await api.endpoints.setKey({ url, key });
    await api.endpoints.setHub(hub);
    const events = ending();
    try {
      const imported = await readSources(api, request, config.labels);
      // The same command finds its run again: by its settings, or by what this page remembers of a debate used again.
      const command = `arklet.command ${JSON.stringify({ flags, from })}`;
      const known = from === null ? null : localStorage.getItem(command);
      const runs = await api.runs.list();
      let run = runs.find(
        (one) =>
          one.damaged === undefined &&
          (from === null ? configIdentity(one.config) === configIdentity(config) : one.id === known),
      );
      if (!run) {
        // A debate that is used again was held: its agents need not read anything.
        if (from === null) await checkSources(api, config, imported);
        const source =
          from === null
            ? undefined
            : await api.runs.importArchive(
                unpackArchive(new Uint8Array(await (await get(from)).arrayBuffer())),
              );
        goOn();
        const again = source && { from: source.id, evaluation: givenEvaluation(config, Object.keys(flags)) };
        run = await api.control.start({ config, ...imported, ...again });
        if (from !== null) localStorage.setItem(command, run.id);
        if (stopped) await api.control.stop();
        await Promise.race([events.of(run.id), gone]);
      } else if (run.status !== 'done') {
        goOn();
        await api.control.resume(run.id);
        if (stopped) await api.control.stop();
        await Promise.race([events.of(run.id), gone]);
      }
      await exportRun(api, run, out);
      return { name: run.name };
    } finally {
      events.close();
    }
  }

  window.arklet = {
    async distil(request) {
      try {
        return { ok: true, value: await distil(request) };
      } catch (thrown) {
        return { ok: false, error: commandError(asArkletError(thrown).toData()) };
      }
    },
    stop: () => {
      stopped = true;
      return api.control.stop();
    },
    async webllm(request) {
      try {
        const { webllmCheck } = await import('./webllmCheck');
        return { ok: true, value: await webllmCheck({ ...request, say }) };
      } catch (thrown) {
        return { ok: false, error: commandError(asArkletError(thrown).toData()) };
      }
    },
  };
}

startAutomation();
