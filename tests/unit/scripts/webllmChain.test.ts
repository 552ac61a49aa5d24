import { expect, it } from 'vitest';
import { chainFlags, learntFromWebllm, sourceArchive } from '../../../scripts/lib/webllm/chain.mjs';
import { isEvaluation } from '../../../src/records/evalProtocol';
import type { RunArchive } from '../../../src/records/runRecords';
import { configFromFlags } from '../../../src/settings/flags';
import { packArchive, unpackArchive } from '../../../src/records/archiveFile';
import { webllmMaker } from '../../../src/job/links/webllmLink';
import { ScriptedEngine, scriptedLink } from '../agents/webllm/scriptedEngine';
import { nodeJobs } from '../../support/nodeJob';

const newJob = nodeJobs();

/** The chain of `npm run -s check:webllm`, with an engine that follows a script in the library's place. */
it('a student of a WebLLM debate is trained on what WebLLM said, not taken over from another run', async () => {
  const engines: ScriptedEngine[] = [];
  const open = webllmMaker(() => {
    const engine = new ScriptedEngine({ reply: () => ['2 + 3 ', '= 5 . ', '#### 5'] });
    engines.push(engine);
    return scriptedLink(engine);
  });
  const job = await newJob(undefined, undefined, { makers: { webllm: open } });
  const config = configFromFlags(new Map(Object.entries({ ...chainFlags, backend: 'cpu' })));
  const run = async (from?: string): Promise<RunArchive> => {
    const { id } = await job.coordinator.start(config, null, from);
    await job.coordinator.ended();
    const archive = await job.api.runs.wholeArchive(id);
    expect(archive.run.error).toBeNull();
    return archive;
  };
  const bundled = await run();
  expect(learntFromWebllm(bundled, bundled)).toBe(false);

  const source = sourceArchive(bundled, 'webllm:Tiny-q4f32_1-MLC', 4, isEvaluation);
  expect(source.adapters).toHaveLength(1);
  const { id } = await job.api.runs.importArchive(unpackArchive(packArchive(source)));
  const archive = await run(id);
  expect(learntFromWebllm(archive, bundled)).toBe(true);
  // Two agents, two rounds, one question; one worker for both agents.
  expect(archive.turns.filter(({ backend }) => backend === 'webllm')).toHaveLength(4);
  expect(engines).toHaveLength(1);
  expect(archive.datasets[0]?.traces.map(({ target }) => target)).toContain('2 + 3 = 5 . #### 5');
});
