/** What the page asks of the models worker. Both sides import this file. */
import type { MachineFacts } from '../models/memoryPlan';
import type { ModelsApi } from '../wire/modelsApi';
import type { ModelProgress, PickedFile } from '../models/modelRecords';
import type { HubChange } from '../models/hubSettings';
import type { RunConfig } from '../settings/config';

interface Call<Request, K extends keyof ModelsApi> {
  readonly request: Request;
  readonly progress: ModelProgress;
  readonly response: Awaited<ReturnType<ModelsApi[K]>>;
}

export interface ModelsProtocol {
  readonly list: Call<null, 'list'>;
  readonly webllm: Call<null, 'webllm'>;
  readonly look: Call<{ readonly spec: string; readonly memory: number | null }, 'look'>;
  readonly search: Call<string, 'search'>;
  readonly download: Call<string, 'download'>;
  readonly importFiles: Call<{ readonly name: string; readonly files: readonly PickedFile[] }, 'importFiles'>;
  readonly verify: Call<string, 'verify'>;
  readonly remove: Call<string, 'remove'>;
  readonly storage: Call<null, 'storage'>;
  readonly hub: Call<null, 'hub'>;
  readonly setHub: Call<HubChange, 'setHub'>;
  readonly plan: Call<{ readonly config: RunConfig; readonly machine: MachineFacts }, 'plan'>;
  readonly presets: Call<readonly string[], 'presets'>;
}
