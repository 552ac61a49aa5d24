import { callsOf, type Caller } from '../rpc/calls';
import { linkWorker } from '../rpc/workerPort';
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

/** The page's end of the coordinator worker: its requests, and the events of whichever tab runs the job. */
export function connectJob(worker: Worker): JobClient {
  const { client, gone } = linkWorker<JobProtocol>(worker, 'coordinator', hungAfter);
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
