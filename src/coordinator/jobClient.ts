import type { JobApi, JobClient, JobEvent } from '../wire/jobApi';
import { linkWorker } from '../rpc/workerPort';
import { eventChannel, jobMethods, type JobProtocol } from './jobProtocol';

/** The page's end of the coordinator worker: its requests, and the events of whichever tab runs the job. */
export function connectJob(worker: Worker): JobClient {
  const { client, gone } = linkWorker<JobProtocol>(worker, 'coordinator');
  const api = Object.fromEntries(
    jobMethods.map((name) => [name, (...request: never) => client.call(name, request)]),
  ) as unknown as JobApi;
  return {
    api,
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
