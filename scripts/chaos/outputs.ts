/** What a run has made, as text that is equal where the bytes are. */
import { toBase64 } from '../../src/core/base64';
import { trajectoriesJsonl } from '../../src/records/trajectories';
import type { JobApi } from '../../src/wire/jobApi';

export type Outputs = Readonly<Record<string, string>>;

/** Trajectories, all adapters, and the report without times. */
export async function outputsOf(api: JobApi, runId: string): Promise<Outputs> {
  const { turns, logs, report } = await api.runs.archive(runId);
  if (!report) throw new Error('The run has no report.');
  const { timings: _, ...rest } = report;
  const outputs: Record<string, string> = {
    trajectories: trajectoriesJsonl(turns),
    report: JSON.stringify(rest, (key, value: unknown) => (/seconds/i.test(key) ? 0 : value)),
  };
  for (const { strategy, seed } of logs) {
    const files = await api.runs.adapter({ runId, strategy, seed });
    for (const [name, bytes] of Object.entries(files))
      outputs[`${strategy}-${seed}/${name}`] = toBase64(bytes);
  }
  return outputs;
}

/** The names of what differs. */
export function differing(a: Outputs, b: Outputs): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => a[name] !== b[name]);
}
