/** The settings of a debate in which a trained student of a run joins the agents. */
import type { Report } from '../records/records';
import type { RunRecord } from '../records/runRecords';
import type { RunConfig } from '../settings/config';
import { bundled } from '../specs/engine';
import { readSpec, specId } from '../specs/spec';

/** The run's agents one by one, and the student of a strategy as the last of them; more than 64 are not possible. */
export function nextDebate(
  { id: runId, config }: Pick<RunRecord, 'id' | 'config'>,
  { agents = [] }: Pick<Report, 'agents'>,
  strategy: string,
): RunConfig {
  const { nAgents, student } = config;
  const joining = specId({
    runtime: 'adapter',
    place: 'run',
    runId,
    strategy,
    seed: 0,
    base: student,
    hash: null,
  });
  // Which ones "bundled" stood for, the report says.
  const spoke = agents.map(({ model }) => model).filter((model) => readSpec(model) !== null);
  const named = config.agents.includes(bundled) && spoke.length === nAgents ? spoke : config.agents;
  const before = Array.from({ length: Math.min(nAgents, 63) }, (_, i) => named[i % named.length] ?? bundled);
  return { ...config, preset: 'custom', agents: [...before, joining], nAgents: before.length + 1 };
}
