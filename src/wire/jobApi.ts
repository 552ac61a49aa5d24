/** What a page asks of the coordinator worker: seven protocols over one port. Each call rejects with an ArkletError. */
import type { ArkletError } from '../core/errors';
import type { Calls } from '../rpc/calls';
import type { ControlProtocol } from './control';
import type { DeviceProtocol } from './device';
import type { EndpointsProtocol } from './endpoints';
import type { JobEvent } from './jobEvents';
import type { PlaygroundProtocol } from './playground';
import type { QuestionsProtocol } from './questions';
import type { RunsProtocol } from './runs';
import type { StudentsProtocol } from './students';

/** All that crosses the port; two methods of one name do not compile. */
export interface JobProtocol
  extends
    ControlProtocol,
    RunsProtocol,
    QuestionsProtocol,
    EndpointsProtocol,
    PlaygroundProtocol,
    StudentsProtocol,
    DeviceProtocol {}

export interface JobApi {
  readonly control: Calls<ControlProtocol>;
  readonly runs: Calls<RunsProtocol>;
  readonly questions: Calls<QuestionsProtocol>;
  readonly endpoints: Calls<EndpointsProtocol>;
  readonly playground: Calls<PlaygroundProtocol>;
  readonly students: Calls<StudentsProtocol>;
  readonly device: Calls<DeviceProtocol>;
}

/** The page's end: requests, and every event of the job, whichever page started it. */
export interface JobClient {
  readonly api: JobApi;
  /** Resolves with the reason when the coordinator's worker has ended; never where that cannot be known. */
  readonly gone?: Promise<ArkletError>;
  /** The returned function ends listening. */
  listen(listener: (event: JobEvent) => void): () => void;
}
