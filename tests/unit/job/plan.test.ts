import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../../src/compute/referenceBackend';
import type { Backend } from '../../../src/compute/ops';
import { ConfigError, GpuUnavailableError, ImportError } from '../../../src/core/errors';
import type { Question } from '../../../src/records/records';
import type { RunConfig } from '../../../src/settings/config';
import { chooseBackend } from '../../../src/engine/chooseBackend';
import { runHash } from '../../../src/library/storedRuns';
import { parseTrajectories, unpackArchive } from '../../../src/records/archiveFile';
import { checkDisjoint, planQuestions } from '../../../src/tasks/planQuestions';
import { resolveModels, agentSlots } from '../../../src/job/resolveAgents';
import { specId } from '../../../src/specs/spec';
import { questionId } from '../../../src/tasks/questionText';
import { makeConfig } from '../../support/makeConfig';

const config = makeConfig({ trainQuestions: 5, validationQuestions: 2, testQuestions: 3 });

const question = (text: string): Question => ({
  id: questionId(text),
  split: 'train',
  text,
  gold: '1',
  answerType: 'number',
});
const file = Array.from({ length: 12 }, (_, i) => question(`What is ${i} + 1?`));

describe('the questions of a run', () => {
  it('come from the generator as many as asked for, the same for the same seed', () => {
    const planned = planQuestions(config, null);
    expect(planned.map(({ split }) => split).join(' ')).toBe(
      'train train train train train validation validation test test test',
    );
    expect(planQuestions(config, null)).toEqual(planned);
    expect(planQuestions({ ...config, seed: 1 }, null)).not.toEqual(planned);
  });

  it('of a file fall into the same splits whatever the order of its rows', () => {
    const planned = planQuestions(config, file);
    const shuffled = planQuestions(config, [...file].reverse());
    expect(shuffled).toEqual(planned);
    expect(planned).toHaveLength(10);
    expect(new Set(planned.map(({ id }) => id)).size).toBe(10);
  });

  it('of a file that is too small are refused with both numbers', () => {
    expect(() => planQuestions(config, file.slice(0, 9))).toThrow(/9 different questions, but 10/);
  });

  it('must not stand in training and in a test', () => {
    const [first] = file;
    expect(() => checkDisjoint([first!, { ...first!, split: 'test' }])).toThrow(ConfigError);
  });

  it('must not repeat the numbers and operations of a training problem in other words', () => {
    const [first, second] = file;
    const learnt = { ...first!, origin: 'word-problem 12 +9 -5' };
    const asked = { ...second!, split: 'test', origin: 'word-problem 12 +9 -5' } as const;
    expect(() => checkDisjoint([learnt, asked])).toThrow(ConfigError);
    expect(() => checkDisjoint([learnt, asked])).toThrow(
      /1 questions .* numbers and operations of a training/,
    );
    expect(() => checkDisjoint([learnt, { ...asked, origin: 'word-problem 12 +9 -4' }])).not.toThrow();
    // Two rows of one file may name the same origin: they are told apart by their text alone.
    expect(() =>
      checkDisjoint([
        { ...learnt, origin: 'gsm8k.jsonl' },
        { ...asked, origin: 'gsm8k.jsonl' },
      ]),
    ).not.toThrow();
  });

  it('of every split of the generator pass that check', () => {
    const every = {
      ...config,
      trainQuestions: 400,
      testQuestions: 60,
      oodQuestions: 40,
      robustQuestions: 40,
    };
    expect(planQuestions(every, null)).toHaveLength(542);
  });

  it('and the settings decide the id of a run', () => {
    const planned = planQuestions(config, null);
    expect(runHash({ ...config }, planned)).toBe(runHash(config, planned));
    expect(runHash({ ...config, seed: 1 }, planned)).not.toBe(runHash(config, planned));
    expect(runHash(config, planned.slice(1))).not.toBe(runHash(config, planned));
  });
});

describe('the agents of a run', () => {
  const entry = (id: string, role: 'agent' | 'student') =>
    ({ id, role, name: id, bytes: 1, parameters: 1, promptStyle: 'compact' }) as const;
  const catalogue = [entry('a', 'agent'), entry('b', 'agent'), entry('s', 'student')];
  const resolved = (change: Partial<RunConfig>) =>
    resolveModels({ ...config, ...change }, catalogue, 'http://host/');

  it('are the bundled ones and the student, each loaded once', () => {
    expect(resolved({}).specs.map(specId)).toEqual(['a', 'b']);
    expect(resolved({}).models.map(({ id }) => id)).toEqual(['a', 'b', 's']);
    expect(resolved({ agents: ['s', 's'], student: 's' }).models.map(({ id }) => id)).toEqual(['s']);
  });

  it('are loaded once, however their name is written', () => {
    const { models, specs } = resolved({ agents: ['hf:o/m@main', 'hf:o/m'], student: 'hf:o/m' });
    expect(models.map(({ id }) => id)).toEqual(['hf:o/m']);
    expect(specs.map(specId)).toEqual(['hf:o/m', 'hf:o/m']);
  });

  it('generate with their own model, however its name is written', async () => {
    const none = (): Promise<never> => Promise.reject(new Error('not asked'));
    const parts = {
      engine: { info: none, count: none, generate: none, unload: none, putAdapter: none, dropAdapter: none },
      adapter: none,
      base: 'http://host/',
      makers: {},
      endpointKey: () => null,
      hub: () => Promise.resolve({ endpoint: 'https://huggingface.co', token: null }),
      storedTurns: () => Promise.resolve([]),
    };
    const slots = await agentSlots(resolved({ agents: ['hf:o/m@main', 'a'] }), config, parts);
    expect(slots.map(({ backend }) => backend.model)).toEqual(['hf:o/m', 'a']);
  });

  it('that run elsewhere load nothing here', () => {
    expect(resolved({ agents: ['endpoint:http://h/v1#m'] }).models.map(({ id }) => id)).toEqual(['s']);
  });

  it.each([{ agents: ['nobody'] }, { agents: ['endpoint:h#m'] }, { student: 'webllm:Qwen' }])(
    'cannot be %j',
    (change) => {
      expect(() => resolved(change)).toThrow(ConfigError);
    },
  );
});

describe('the choice of a backend', () => {
  const size = { hidden: 8, ffn: 16, layers: 2, format: 'f32' } as const;
  /** The reference backend as a device that takes so many milliseconds a product: a read waits for those before it. */
  const slow = (kind: Backend['kind'], ms: number): (() => Promise<Backend>) => {
    return async () => {
      const inner = createReferenceBackend();
      let owed = 0;
      const linear: Backend['linear'] = (op) => {
        owed += ms;
        inner.linear(op);
      };
      const read: Backend['read'] = async (tensor, offset, length) => {
        await new Promise((resolve) => setTimeout(resolve, owed));
        owed = 0;
        return inner.read(tensor, offset, length);
      };
      return Object.assign(Object.create(inner) as Backend, { kind, linear, read });
    };
  };
  const none = () => Promise.reject(new GpuUnavailableError('No adapter.', 'Switch it on.'));

  it('takes the faster one and says both times', async () => {
    const gpu = await chooseBackend('auto', size, {
      webgpu: slow('webgpu', 1),
      wasm: slow('wasm', 30),
      threads: 1,
    });
    expect(gpu.backend.kind).toBe('webgpu');
    const [why] = gpu.reason;
    expect(why).toMatchObject({ kind: 'measured', sequences: 32 });
    if (why?.kind === 'measured') expect(why.webgpu).toBeLessThan(why.cpu);
    const cpu = await chooseBackend('auto', size, {
      webgpu: slow('webgpu', 30),
      wasm: slow('wasm', 1),
      threads: 1,
    });
    expect(cpu.backend.kind).toBe('wasm');
  });

  it('falls back to the CPU where there is no WebGPU, and fails only when WebGPU was asked for', async () => {
    const make = { webgpu: none, wasm: slow('wasm', 1), threads: 1 };
    expect((await chooseBackend('auto', size, make)).reason).toEqual([
      { kind: 'no-webgpu', message: 'No adapter.' },
    ]);
    await expect(chooseBackend('webgpu', size, make)).rejects.toBeInstanceOf(GpuUnavailableError);
  });

  it('does not use a GPU that computes wrong, and says so', async () => {
    const wrong = {
      kind: 'wrong-kernels',
      device: 'google swiftshader',
      kernels: [{ kernel: 'linear', error: 7 }],
    } as const;
    const make = {
      webgpu: slow('webgpu', 1),
      wasm: slow('wasm', 30),
      threads: 1,
      prove: async () => ({ right: false, facts: [wrong] }),
    };
    const { backend, reason } = await chooseBackend('auto', size, make);
    expect(backend.kind).toBe('wasm');
    expect(reason).toMatchObject([{ kind: 'measured' }, wrong]);
    await expect(chooseBackend('webgpu', size, make)).rejects.toThrow(/computes wrong numbers in linear\./);
  });

  it.each(['f16', 'q8', 'q4'] as const)('measures with weights of the model, %s', async (format) => {
    const made: string[] = [];
    const watched = async (): Promise<Backend> => {
      const inner = createReferenceBackend();
      const matrix: Backend['matrix'] = (rows, cols, given, options) => {
        made.push(given);
        return inner.matrix(rows, cols, given, options);
      };
      return Object.assign(Object.create(inner) as Backend, { matrix });
    };
    const { reason } = await chooseBackend(
      'auto',
      { hidden: 32, ffn: 64, layers: 1, format },
      { webgpu: watched, wasm: watched, threads: 1 },
    );
    expect(reason).toMatchObject([{ kind: 'measured' }]);
    // Two matrices on either device.
    expect(made).toEqual(Array(4).fill(format));
  });

  it('takes more threads only when they are faster', async () => {
    const wasm = (threads: number) => slow('wasm', threads === 1 ? 20 : 1)();
    const { reason } = await chooseBackend('cpu', size, { webgpu: none, wasm, threads: 2 });
    expect(reason).toMatchObject([
      { kind: 'asked', backend: 'cpu' },
      { kind: 'threads', threads: 2 },
    ]);
  });
});

describe('files that come back in', () => {
  it.each([
    ['{', /line 1 is not JSON/],
    ['{"runId": 3}', /line 1 is no turn of a debate: "runId" is not what belongs there/],
  ])('%s is no trajectories.jsonl', (text, message) => {
    expect(() => parseTrajectories(text, 't')).toThrow(ImportError);
    expect(() => parseTrajectories(text, 't')).toThrow(message);
  });

  it('as damaged archives are refused', () => {
    expect(() => unpackArchive(new Uint8Array([0x1f, 0x8b, 1, 2]))).toThrow(/neither gzip nor JSON/);
    expect(() => unpackArchive(new TextEncoder().encode('{"format":"arklet-run","version":2}'))).toThrow(
      ImportError,
    );
  });
});
