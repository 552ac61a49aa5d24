import { callsOf, type Caller } from '../rpc/calls';
import { linkWorker } from '../rpc/workerPort';
import { serve } from '../rpc/rpc';
import { promptApi } from '../core/promptApi';
import type { ChromeProtocol } from '../agents/chrome/protocol';
import { offerModel } from '../wire/pageModel';
import { controlNames, type ControlProtocol } from '../wire/control';
import { deviceNames, type DeviceProtocol } from '../wire/device';
import { endpointsNames, type EndpointsProtocol } from '../wire/endpoints';
import type { JobApi, JobClient, JobProtocol } from '../wire/jobApi';
import type { JobEvent } from '../wire/jobEvents';
import { playgroundNames, type PlaygroundProtocol } from '../wire/playground';
import { questionsNames, type QuestionsProtocol } from '../wire/questions';
import { runsNames, type RunsProtocol } from '../wire/runs';
import { studentsNames, type StudentsProtocol } from '../wire/students';
import { eventChannel } from './channels';

/** Milliseconds that the coordinator may be busy with one thing: a large archive is read and checked in one piece. */
const hungAfter = 300_000;

export function jobApi(caller: Caller<JobProtocol>): JobApi {
  return {
    control: callsOf<ControlProtocol>(caller, controlNames),
    runs: callsOf<RunsProtocol>(caller, runsNames),
    questions: callsOf<QuestionsProtocol>(caller, questionsNames),
    endpoints: callsOf<EndpointsProtocol>(caller, endpointsNames),
    playground: callsOf<PlaygroundProtocol>(caller, playgroundNames),
    students: callsOf<StudentsProtocol>(caller, studentsNames),
    device: callsOf<DeviceProtocol>(caller, deviceNames),
  };
}

/** Where the browser brings a model, this page answers for it: workers cannot. */
function holdModel(worker: Worker): void {
  const api = promptApi();
  if (api === null) return;
  const { port1, port2 } = new MessageChannel();
  serve<ChromeProtocol>(
    port1,
    import('../agents/chrome/host').then(({ chromeHost }) => chromeHost(api)),
  );
  offerModel(worker, port2);
}

/** The page's end of the coordinator worker: its requests, and the events of whichever tab runs the job. */
export function connectJob(worker: Worker): JobClient {
  const { client, gone } = linkWorker<JobProtocol>(worker, 'coordinator', hungAfter);
  holdModel(worker);
  return {
    api: jobApi(client),
    gone,
    listen(listener) {
      const channel = new BroadcastChannel(eventChannel);
      channel.onmessage = ({ data }: MessageEvent<readonly JobEvent[]>) => {
        for (const event of data) listener(event);
      };
      return () => channel.close();
    },
  };
}
