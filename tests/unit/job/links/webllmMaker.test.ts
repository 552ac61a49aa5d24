import { expect, it } from 'vitest';
import { webllmMaker } from '../../../../src/job/links/webllmLink';
import { parseSpecOf } from '../../../../src/specs/spec';
import { ScriptedEngine, scriptedLink } from '../../agents/webllm/scriptedEngine';

it('agents of one WebLLM model share a worker, other settings have their own', async () => {
  const engines: ScriptedEngine[] = [];
  const make = webllmMaker(() => {
    const engine = new ScriptedEngine({ reply: () => ['yes'] });
    engines.push(engine);
    return scriptedLink(engine);
  });
  const tiny = 'webllm:Tiny-q4f32_1-MLC';
  const names = [tiny, tiny, `${tiny}?context=256`];
  const agents = names.map((name) => make(parseSpecOf('webllm', name), { base: 'http://app/' }));
  for (const agent of agents) await agent.load({});
  expect(agents.map(({ model, kind }) => `${kind} ${model}`)).toEqual([
    'webllm Tiny-q4f32_1-MLC',
    'webllm Tiny-q4f32_1-MLC',
    'webllm Tiny-q4f32_1-MLC',
  ]);
  expect(engines.map(({ appConfig }) => appConfig?.model_list[0]?.overrides?.context_window_size)).toEqual([
    undefined,
    256,
  ]);
});
