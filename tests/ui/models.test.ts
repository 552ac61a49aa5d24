/** The model picker, the memory plan and downloads in the settings, against a scripted models worker. */
import axe from 'axe-core';
import { unmount } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { AgentError, InterruptedError } from '../../src/core/errors';
import type { MemoryPlan } from '../../src/models/memoryPlan';
import type { ModelCalls, ModelsApi } from '../../src/wire/modelsApi';
import type { HubChange, HubState } from '../../src/models/hubSettings';
import type { ModelEntry } from '../../src/specs/modelEntry';
import { mountApp, type MountedApp } from '../../src/ui/mount';
import { makeArchive } from './fixtures/archive';
import { ScriptedClient } from './fixtures/scriptedClient';

const entry = (change: Partial<ModelEntry>): ModelEntry => ({
  spec: 'student',
  name: 'Bundled student',
  kind: 'engine',
  source: 'bundled',
  parameters: 153_344,
  bytes: 320_000,
  approximate: false,
  memoryBytes: null,
  licence: 'Apache-2.0',
  features: [],
  state: 'ready',
  doneBytes: 320_000,
  ...change,
});
const hub = entry({
  spec: 'hf:tiny/model',
  name: 'tiny/model',
  source: 'hub',
  bytes: 270_000_000,
  state: 'absent',
  doneBytes: 0,
});
const plan: MemoryPlan = {
  phases: [
    { phase: 'debate', items: [{ kind: 'weights', model: 'a', bytes: 2e8 }], bytes: 2e8 },
    {
      phase: 'distil',
      items: [
        { kind: 'weights', model: 'a', bytes: 2e8 },
        { kind: 'adapter', model: 'student', bytes: 7e8 },
      ],
      bytes: 9e8,
    },
  ],
  peak: 9e8,
  peakPhase: 'distil',
  budget: 1e9,
  budgetFrom: 'guess',
  verdict: 'tight',
  missingFeatures: [],
  unknown: [],
  recompute: 'off',
  proposals: [{ id: 'agents-out', change: { schedule: 'agents-out' }, peak: 7e8, verdict: 'fits' }],
};

let app: MountedApp;
let target: HTMLElement;
let calls: ModelCalls;
let unsaid = false;
let listed: ModelEntry[];
let finish: () => void;
let keys: [string, string | null][];
let client: ScriptedClient;
let hubState: HubState;
/** What the coordinator was given. */
let hubChanges: HubChange[];
/** Models of WebLLM's list beside the first, in the list's order. */
let moreListed: readonly string[];

function scripted(): ModelsApi {
  return {
    list: async () => listed,
    webllm: async () => [
      entry({
        spec: 'webllm:Q-q4f16_1-MLC',
        name: 'Q-q4f16_1',
        source: 'webllm',
        kind: 'webllm',
        features: ['no-such-feature'],
        memoryBytes: 9e8,
        approximate: true,
        state: 'absent',
      }),
      ...moreListed.map((name) =>
        entry({
          spec: `webllm:${name}-q4f32_1-MLC`,
          name: `${name}-q4f32_1`,
          source: 'webllm',
          kind: 'webllm',
          memoryBytes: name === 'Q' ? 2e8 : 2e7,
          state: 'absent',
        }),
      ),
    ],
    look: async () => hub,
    search: async (words) =>
      words === 'nothing'
        ? []
        : [{ repo: 'tiny/model', parameters: 135e6, licence: 'apache-2.0', gated: true, gguf: false }],
    download: (_spec, given = {}) => {
      calls = given;
      return new Promise((resolve, reject) => {
        given.signal?.addEventListener('abort', () => reject(new InterruptedError('Paused.', 'Resume it.')));
        finish = () => resolve(unsaid ? { ...hub, splitUnsaid: true } : hub);
      });
    },
    importFiles: async (name) => {
      const picked = entry({ spec: `local:${name}`, name, source: 'local' });
      listed = [...listed, picked];
      return name === 'old' ? { ...picked, splitUnsaid: true } : picked;
    },
    verify: async () => [
      { path: 'config.json', bytes: 2, ok: true, against: 'checked', problem: null },
      { path: 'model.safetensors', bytes: 9, ok: false, against: 'checked', problem: 'it does not hash' },
    ],
    remove: async (spec) => {
      listed = listed.filter((one) => one.spec !== spec);
    },
    storage: async () => ({ usage: 3e8, quota: 1e9, models: { 'hf:tiny/model': 2.7e8 } }),
    hub: async () => hubState,
    setHub: async ({ token, mirror }) => {
      hubState = {
        token: token === undefined ? hubState.token : token !== null,
        mirror: mirror === undefined ? hubState.mirror : mirror,
      };
      return hubState;
    },
    plan: async () => plan,
    presets: async () => [
      {
        id: 'phone',
        agents: [{ spec: 'webllm:Small-MLC', bytes: 2e8 }],
        student: { spec: 'hf:tiny/model', bytes: 2.7e8 },
        change: { nAgents: 3, agents: ['webllm:Small-MLC'], student: 'hf:tiny/model' },
        downloadBytes: 4.7e8,
        minutes: [20, 60],
      },
    ],
  };
}

const button = (name: string | RegExp): ReturnType<typeof page.getByRole> =>
  page.getByRole('button', { name, exact: true });

beforeEach(async () => {
  localStorage.clear();
  listed = [entry({})];
  keys = [];
  hubState = { token: false, mirror: null };
  hubChanges = [];
  moreListed = [];
  await page.viewport(1280, 900);
  history.replaceState(null, '', `${location.pathname}${location.search}`);
  target = document.createElement('div');
  document.body.append(target);
  client = new ScriptedClient();
  Object.assign(client.api.endpoints, {
    setKey: async ({ url, key }: { url: string; key: string | null }) => void keys.push([url, key]),
    setHub: async (change: HubChange) => void hubChanges.push(change),
  });
  app = mountApp(target, {
    connect: async () => client,
    recorded: async () => makeArchive(8),
    models: async () => scripted(),
  });
  await vi.waitFor(() => expect(app.session.settings.config).not.toBeNull(), 5000);
  await button('Settings').click();
});
afterEach(async () => {
  await unmount(app.component);
  target.remove();
});

describe('the memory of a run', () => {
  it('is shown with its verdict and its sum before anything loads, and a proposal is one click', async () => {
    await expect
      .element(page.getByText('900.0 MB at most, while learning, of about 1.00 GB available'))
      .toBeVisible();
    await page.getByText('Show the sum').click();
    await expect.element(page.getByText('Adapter, student')).toBeVisible();
    await button(/^Apply/).click();
    expect(app.session.settings.config?.schedule).toBe('agents-out');
  });

  it('is held against what the last run held at most, by the engine’s own ledger', async () => {
    const { config } = app.session.settings;
    app.session.models.measure(config, 8.5e8);
    app.session.settings.set('seed', 7);
    const said = page.getByText('The last run held 850.0 MB at most; its plan is 900.0 MB.');
    await expect.element(said).toBeVisible();
    expect(app.session.models.held).toBe(8.5e8);
  });
});

describe('a model of the hub', () => {
  it('is looked up, downloaded with speed and time left, paused, gone on with, checked and deleted', async () => {
    await button('Add a model').click();
    await button('Hugging Face').click();
    await userEvent.fill(page.getByLabelText('Model on the hub'), 'tiny/model');
    await button('Look up').click();
    await expect.element(page.getByText('not downloaded')).toBeVisible();
    await button('Download').click();
    calls.onProgress?.({
      phase: 'download',
      file: 'model.safetensors',
      done: 90e6,
      total: 270e6,
      bytesPerSecond: 2e6,
      secondsLeft: 90,
    });
    await expect.element(page.getByText('90.0 MB of 270.0 MB · 2.0 MB/s · 2 min left')).toBeVisible();
    listed = [...listed, { ...hub, state: 'partial', doneBytes: 90e6 }];
    await button('Pause').click();
    await expect.element(page.getByText('partly downloaded').first()).toBeVisible();
    await button('Resume').first().click();
    listed = [entry({}), { ...hub, state: 'ready', doneBytes: 270e6 }];
    finish();
    await button('Check for offline').click();
    await expect.element(page.getByText(/Not ready for offline: model.safetensors/)).toBeVisible();
    await button('Use tiny/model').click();
    expect(app.session.settings.config?.agents).toEqual(['hf:tiny/model']);
    await button('Delete tiny/model').click();
    await button('Delete 270.0 MB?').click();
    await vi.waitFor(() => expect(listed).toHaveLength(1));
  });
});

describe('a download', () => {
  it('that is cancelled is stopped, and what had come of it is removed', async () => {
    await button('Add a model').click();
    await button('Hugging Face').click();
    await userEvent.fill(page.getByLabelText('Model on the hub'), 'tiny/model');
    await button('Look up').click();
    await button('Download').click();
    calls.onProgress?.({
      phase: 'download',
      file: 'model.safetensors',
      done: 90e6,
      total: 270e6,
      bytesPerSecond: 2e6,
      secondsLeft: 90,
    });
    await expect.element(page.getByText(/^90\.0 MB of 270\.0 MB/)).toBeVisible();
    listed = [...listed, { ...hub, state: 'partial', doneBytes: 90e6 }];
    expect(calls.signal?.aborted).toBe(false);
    await button('Cancel').click();
    expect(calls.signal?.aborted).toBe(true);
    await vi.waitFor(() => expect(listed.map(({ spec }) => spec)).toEqual(['student']));
    await expect.element(page.getByText(/^90\.0 MB of 270\.0 MB/)).not.toBeInTheDocument();
    await expect.element(button('Cancel')).not.toBeInTheDocument();
    await expect.element(page.getByText('partly downloaded')).not.toBeInTheDocument();
    expect(app.session.notices.list).toEqual([]);
  });
});

describe('a .gguf file of the hub', () => {
  async function download(): Promise<void> {
    const before = calls;
    const done = app.session.models.download('hf:tiny/model');
    await vi.waitFor(() => expect(calls).not.toBe(before));
    finish();
    await done;
  }

  it('that does not say how its tokenizer splits text says so once it is here', async () => {
    unsaid = true;
    await download();
    expect(app.session.models.splitUnsaid).toEqual([hub.name]);
    unsaid = false;
    await download();
    expect(app.session.models.splitUnsaid).toEqual([]);
  });

  it('says so in a run that loads it, until somebody has read it', async () => {
    await app.session.connect();
    client.emit({
      type: 'load',
      model: 'hf:tiny/model/old.gguf',
      phase: 'ready',
      loaded: 1,
      total: 1,
      bytesPerSecond: null,
      secondsLeft: null,
      notice: 'The GGUF does not say how its tokenizer splits text.',
    });
    await expect
      .element(page.getByText(/tiny\/model\/old.gguf does not say how its tokenizer splits text/).first())
      .toBeVisible();
    app.session.notices.clear('run');
    expect(app.session.notices.list).toHaveLength(1);
  });
});

describe('a .gguf file whose types are kept in another way', () => {
  it('says in the run that loads it what that changed', async () => {
    await app.session.connect();
    client.emit({
      type: 'load',
      model: 'hf:tiny/model/m-Q5_K_M.gguf',
      phase: 'ready',
      loaded: 1,
      total: 1,
      bytesPerSecond: null,
      secondsLeft: null,
      requantised: {
        types: ['Q5_K', 'Q6_K'],
        formats: ['q8'],
        tensors: 20,
        of: 30,
        worst: 0.0039,
        mean: 0.00712,
      },
    });
    const said =
      /m-Q5_K_M\.gguf: 20 of 30 weight matrices \(Q5_K, Q6_K\) were quantised again .* by 0\.71 % on average/;
    await expect.element(page.getByText(said).first()).toBeVisible();
  });
});

describe('a .gguf file of one’s own', () => {
  it('that does not say how its tokenizer splits text is told of by its name, until it is deleted', async () => {
    await button('Add a model').click();
    await button('Local files').click();
    const pick = page.getByLabelText('Pick a .gguf file');
    await userEvent.upload(pick, new File(['x'], 'new.gguf'));
    await expect.element(button('Use new')).toBeVisible();
    await expect.element(page.getByText(/does not say how/)).not.toBeInTheDocument();
    await userEvent.upload(pick, new File(['x'], 'old.gguf'));
    await expect.element(page.getByText(/^old does not say how its tokenizer splits text/)).toBeVisible();
    listed = listed.filter(({ name }) => name !== 'new');
    await button('Delete old').click();
    await button(/^Delete .*\?$/).click();
    await expect.element(page.getByText(/does not say how/)).not.toBeInTheDocument();
  });
});

describe('an agent', () => {
  it('of WebLLM says which feature this browser lacks, and a server’s key goes to the coordinator alone', async () => {
    moreListed = ['Q', 'Tiny'];
    await button('Add a model').click();
    await button('WebLLM').click();
    await expect.element(page.getByText('this browser lacks no-such-feature')).toBeVisible();
    // What cannot run here is neither said to fit nor offered, and stands below what can.
    await expect.element(page.getByText('Cannot run here')).toBeVisible();
    await expect.element(button('Use Q-q4f16_1')).toBeDisabled();
    const rows = [...target.querySelectorAll('.picker li')];
    expect(rows.map((row) => row.querySelector('.name')?.textContent)).toEqual([
      'Tiny-q4f32_1',
      'Q-q4f32_1',
      'Q-q4f16_1',
    ]);
    expect(rows.map((row) => row.querySelector('.badge')?.textContent?.trim() ?? '')).toEqual([
      'Fits',
      'Tight',
      '',
    ]);
    await button('Use Q-q4f32_1').click();
    await button('Close Agents').click();
    await button('Remove Q-q4f32_1-MLC').click();
    await button('Add a model').click();
    await button('Server').click();
    await userEvent.fill(page.getByLabelText('Address'), 'http://localhost:11434/v1');
    await userEvent.fill(page.getByRole('combobox', { name: 'Model', exact: true }), 'qwen3');
    await userEvent.fill(page.getByLabelText('Key (if it needs one)'), 'secret');
    await button('Use this server').click();
    await vi.waitFor(() => expect(keys).toEqual([['http://localhost:11434/v1', 'secret']]));
    expect(app.session.settings.config?.agents).toEqual(['endpoint:http://localhost:11434/v1#qwen3']);
    expect(location.hash).not.toContain('secret');
  });
});

describe('a server', () => {
  const address = page.getByLabelText('Address');

  it('whose address is none is said at the field, and is not used', async () => {
    await button('Add a model').click();
    await button('Server').click();
    await userEvent.fill(address, 'localhost:9');
    await button('Use this server').click();
    await expect
      .element(address)
      .toHaveAccessibleDescription(
        /^"localhost:9" is not the address of a server: write it whole, such as http:/,
      );
    await expect.element(address).toBeInvalid();
    expect(app.session.settings.config?.agents).toEqual(['bundled']);
    await userEvent.fill(address, 'http://user:pass@localhost:9/v1');
    await expect.element(address).toHaveAccessibleDescription(/Leave user, password and query out/);
    await userEvent.fill(address, 'http://localhost:9/v1');
    await expect.element(address).toBeValid();
    await button('Use this server').click();
    await expect
      .element(page.getByRole('combobox', { name: 'Model', exact: true }))
      .toHaveAccessibleDescription(/Name a model of the server/);
    expect((await axe.run(target)).violations).toEqual([]);
  });

  it('is tested from its field, and one of its models is a click', async () => {
    await button('Add a model').click();
    await button('Server').click();
    await userEvent.fill(address, 'http://localhost:11434/v1');
    client.failures.set(
      'endpointModels',
      new AgentError('http://localhost:11434/v1 did not answer.', 'Start it.'),
    );
    await button('Test the server').click();
    await expect.element(page.getByText('http://localhost:11434/v1 did not answer.')).toBeVisible();
    client.served = ['llama3', 'qwen3'];
    await button('Test the server').click();
    await expect.element(page.getByText('It answers, and has these 2 models:')).toBeVisible();
    await button('qwen3').click();
    await button('Use this server').click();
    expect(app.session.settings.config?.agents).toEqual(['endpoint:http://localhost:11434/v1#qwen3']);
    expect(app.session.notices.list).toEqual([]);
  });
});

describe('the hub', () => {
  const hubTab = async (): Promise<void> => {
    await button('Add a model').click();
    await button('Hugging Face').click();
  };

  it('is searched by words, and a click on what is found looks it up', async () => {
    await hubTab();
    const field = page.getByLabelText('Model on the hub');
    await userEvent.fill(field, 'nothing');
    await button('Look up').click();
    await expect.element(page.getByText('no language model named like "nothing"')).toBeVisible();
    await userEvent.fill(field, 'tiny');
    await button('Look up').click();
    await expect.element(page.getByText('135 M · apache-2.0')).toBeVisible();
    await expect.element(page.getByText('gated', { exact: true })).toBeVisible();
    await button('tiny/model').click();
    await vi.waitFor(() =>
      expect(app.session.models.found.map(({ spec }) => spec)).toEqual(['hf:tiny/model']),
    );
  });

  it('is given a token, which both workers get and nothing keeps, and a mirror', async () => {
    await hubTab();
    await page.getByText('Gated models and mirrors').click();
    await userEvent.fill(page.getByLabelText('Token of your account'), 'hf_scripted');
    await userEvent.fill(page.getByLabelText('Mirror in place of huggingface.co'), 'https://hub.example.org');
    await button('Apply').click();
    await expect.element(page.getByText('A token is in use.')).toBeVisible();
    expect(hubState).toEqual({ token: true, mirror: 'https://hub.example.org' });
    expect(hubChanges).toEqual([{ token: 'hf_scripted', mirror: 'https://hub.example.org' }]);
    await expect.element(page.getByLabelText('Token of your account')).toHaveValue('');
    expect(JSON.stringify({ ...localStorage }) + location.href).not.toContain('hf_scripted');
    await button('Forget the token').click();
    await vi.waitFor(() => expect(hubState.token).toBe(false));
    expect(hubState.mirror).toBe('https://hub.example.org');
  });
});

describe('a suggestion of the hub', () => {
  it('is looked up by the click that chooses it, and used by the next', async () => {
    await button('Add a model').click();
    await button('Hugging Face').click();
    await button('SmolLM2-135M-Instruct').click();
    await button('Use tiny/model').click();
    expect(app.session.settings.config?.agents).toEqual(['hf:tiny/model']);
  });
});

describe('a model of WebLLM’s list', () => {
  it('is downloaded here with its speed, paused, and then shown with what is here of it', async () => {
    await button('Add a model').click();
    await button('WebLLM').click();
    await expect.element(page.getByText(/about 320\.0 kB$/)).toBeVisible();
    await button('Download').click();
    calls.onProgress?.({
      phase: 'download',
      file: 'params_shard_0.bin',
      done: 40e6,
      total: 160e6,
      bytesPerSecond: 2e6,
      secondsLeft: 60,
    });
    await expect.element(page.getByText('40.0 MB of 160.0 MB · 2.0 MB/s · 60 s left')).toBeVisible();
    const spec = 'webllm:Q-q4f16_1-MLC';
    // What is here is exact; what it needs is as the list says.
    const stored = { ...(await scripted().webllm())[0], spec, bytes: 160e6, approximate: false };
    listed = [entry({}), entry({ ...stored, state: 'partial', doneBytes: 40e6 })];
    await button('Pause').click();
    await expect.element(page.getByText('partly downloaded')).toBeVisible();
    await button('Resume').click();
    listed = [entry({}), entry({ ...stored, state: 'ready', doneBytes: 160e6 })];
    finish();
    await expect.element(button('Check for offline')).toBeVisible();
    await expect.element(page.getByText(/\d 160\.0 MB$|^160\.0 MB$|· 160\.0 MB$/)).toBeVisible();
    await expect.element(page.getByText('this browser lacks no-such-feature')).toBeVisible();
  });

  it('at an address of one’s own is said to be fetched without pause or check', async () => {
    const own = page.getByText(/is fetched by its library’s own code/);
    await expect.element(own).not.toBeInTheDocument();
    const spec = 'webllm:mine?model=https://example.org/w&lib=https://example.org/l.wasm';
    app.session.settings.set('agents', [spec]);
    await expect.element(own).toBeVisible();
  });
});

describe('the settings', () => {
  it('take a preset by machine', async () => {
    await page.getByText('Presets by machine').click();
    await button(/^Choose/).click();
    expect(app.session.settings.config).toMatchObject({
      agents: ['webllm:Small-MLC'],
      student: 'hf:tiny/model',
      nAgents: 3,
    });
  });

  it('pass axe with the picker and every group open, and fit a phone', async () => {
    await button('Add a model').click();
    for (const details of target.querySelectorAll('details')) details.open = true;
    await Promise.all(document.getAnimations().map((animation) => animation.finished));
    const found = await axe.run(document.body, { rules: { region: { enabled: false } } });
    expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`)).toEqual([]);
    await page.viewport(390, 844);
    await vi.waitFor(() => expect(innerWidth).toBe(390));
    const content = target.querySelector('dialog .content')!;
    expect(content.scrollWidth).toBeLessThanOrEqual(content.clientWidth);
  });
});

describe('the model that the browser brings', () => {
  const label = 'The browser’s built-in model';
  function bring(availability: string): { created: number } {
    const seen = { created: 0 };
    vi.stubGlobal('LanguageModel', {
      availability: async () => availability,
      create: async ({ monitor }: { monitor?: (on: EventTarget) => void }) => {
        seen.created += 1;
        const on = new EventTarget();
        monitor?.(on);
        on.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded: 0.5, total: 1 }));
        await new Promise((resolve) => setTimeout(resolve, 300));
        return { destroy: () => undefined };
      },
    });
    return seen;
  }
  afterEach(() => void vi.unstubAllGlobals());
  const openAgents = async (): Promise<void> => {
    await button('Add a model').first().click();
    await expect.element(page.getByRole('list').first()).toBeVisible();
  };

  it('is not there where the browser has none, or none that can run', async () => {
    bring('unavailable');
    await openAgents();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect.element(page.getByText(label)).not.toBeInTheDocument();
  });

  it('is one click, and is downloaded by that click where it is not here yet', async () => {
    const seen = bring('downloadable');
    await openAgents();
    await expect.element(page.getByText(/^The browser downloads it once/)).toBeVisible();
    await button(`Use ${label}`).click();
    await expect.element(page.getByText('The browser downloads it: 50 %')).toBeVisible();
    await vi.waitFor(() => expect(app.session.settings.config.agents).toContain('chrome:built-in'));
    expect(seen.created).toBe(1);
  });
});
