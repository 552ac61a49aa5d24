import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRequest } from '../../../scripts/lib/checkRequest';
import { Mounts } from '../../../scripts/lib/mounts';
import { ConfigError } from '../../../src/core/errors';

describe('a name on the command line', () => {
  let folder = '';
  let model = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'arklet-mounts-'));
    model = join(folder, 'my model');
    mkdirSync(model);
    for (const name of ['my model/config.json', 'm.gguf', 'lib.wasm', 'trajectories.jsonl'])
      writeFileSync(join(folder, name), '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('that the page knows stays as it is', () => {
    const names = [
      'bundled',
      'agent-a',
      'hf:a/b@v1',
      'local:My model',
      'https://h.test/m.gguf',
      'webllm:A-MLC?context=512',
      'transformers:a/b@q4',
      'endpoint:http://h:1/v1/#m',
      'recorded:run:1',
      'recorded:https://h.test/run.json',
    ];
    const mounts = new Mounts();
    expect(names.map((name) => mounts.spec(name))).toEqual(names);
    expect(mounts.paths).toEqual([]);
    expect([...mounts.endpoints]).toEqual(['http://h:1/v1']);
  });

  it('that is a path becomes an address under the page', () => {
    const mounts = new Mounts();
    expect(mounts.spec(model)).toBe('files/0/my%20model');
    expect(mounts.spec(`transformers:${model}`)).toBe('transformers:files/0/my%20model');
    expect(mounts.spec(join(folder, 'm.gguf'))).toBe('files/1/m.gguf');
    expect(mounts.spec(`recorded:${folder}`)).toBe('recorded:files/2/trajectories.jsonl');
    expect(mounts.spec(`webllm:mine?model=${model}&lib=${join(folder, 'lib.wasm')}&context=512`)).toBe(
      'webllm:mine?model=files/3/&lib=files/4/lib.wasm&context=512',
    );
    expect(mounts.paths).toEqual([
      { folder: model, name: basename(model) },
      join(folder, 'm.gguf'),
      join(folder, 'trajectories.jsonl'),
      model,
      join(folder, 'lib.wasm'),
    ]);
  });

  it('of a persona is read as one of an agent, and a preset’s name stays', () => {
    const mounts = new Mounts();
    const list = [
      { name: 'P', model: join(folder, 'm.gguf') },
      { name: 'Q', model: 'endpoint:http://h/v1#m' },
    ];
    expect(JSON.parse(mounts.personas(JSON.stringify(list)))).toEqual([
      { name: 'P', model: 'files/0/m.gguf' },
      { name: 'Q', model: 'endpoint:http://h/v1#m' },
    ]);
    expect([...mounts.endpoints]).toEqual(['http://h/v1']);
    expect(mounts.personas('sceptic')).toBe('sceptic');
  });

  it.each(['./nothing', 'hf:one', 'endpoint:localhost:9#m', 'webllm:a?model=x', 'recorded:none.jsonl'])(
    'is refused when it is %s',
    (name) => {
      expect(() => new Mounts().spec(name)).toThrow(ConfigError);
    },
  );

  it('of an adapter is a PEFT folder with its model, or a finished run and its strategy', () => {
    const run = join(folder, 'run');
    for (const name of ['rsft-0', 'da-1']) {
      mkdirSync(join(run, 'adapters', name), { recursive: true });
      writeFileSync(join(run, 'adapters', name, 'adapter_config.json'), '{}');
    }
    writeFileSync(join(run, 'report.json'), JSON.stringify({ config: { student: 'bundled' } }));
    const mounts = new Mounts();
    expect(mounts.spec(`adapter:${run}/rsft`)).toBe('adapter:files/0/rsft-0/?base=bundled');
    expect(mounts.spec(`adapter:${run}/da-1`)).toBe('adapter:files/1/da-1/?base=bundled');
    expect(mounts.spec(`adapter:${run}/adapters/rsft-0?base=${model}`)).toBe(
      'adapter:files/0/rsft-0/?base=files/2/my%20model',
    );
    expect(() => mounts.spec(`adapter:${run}/pad`)).toThrow(/no adapter at/);
    expect(() => mounts.spec(`adapter:${run}/adapters/rsft-0`)).toThrow(/not said which model/);
    // The run's student was a folder of the machine that it ran on.
    writeFileSync(join(run, 'report.json'), JSON.stringify({ config: { student: 'files/0/my%20model' } }));
    expect(() => mounts.spec(`adapter:${run}/rsft`)).toThrow(/not said which model/);
  });

  it('of an adapter may be its .zip, which is unpacked while the command runs', async () => {
    const zip = join(folder, 'poet.adapter.zip');
    const bytes = new TextEncoder().encode('{"peft_type":"LORA"}');
    writeFileSync(zip, zipSync({ 'adapter_config.json': bytes, 'adapter_model.safetensors': bytes }));
    const personas = JSON.stringify([{ name: 'P', model: `adapter:${zip}@0123456789abcdef?base=student` }]);
    const { error, request } = await checkRequest({
      agents: `agent-a,adapter:${zip}?base=student`,
      personas,
    });
    expect(error).toBeNull();
    expect(request?.flags.agents).toBe('agent-a,adapter:files/0/poet/?base=student');
    expect(request?.flags.personas).toContain('adapter:files/0/poet/@0123456789abcdef?base=student');
    const [mount] = request?.mounts ?? [];
    const unpacked = typeof mount === 'object' ? mount.folder : '';
    expect(readdirSync(unpacked).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(readFileSync(join(unpacked, 'adapter_config.json'), 'utf8')).toBe('{"peft_type":"LORA"}');
    request?.remove();
    expect(existsSync(unpacked)).toBe(false);
  });

  it('of a dataset of the hub is no path, whichever file it stands for', async () => {
    const { error, request } = await checkRequest({
      'train-file': 'hf:openai/gsm8k/main@train',
      'test-file': 'hf:openai/gsm8k/main@test',
      eval: 'math=hf:a/b@test,ood',
    });
    expect(error).toBeNull();
    expect(request?.files).toEqual({
      questions: 'hf:openai/gsm8k/main@train',
      test: 'hf:openai/gsm8k/main@test',
      sets: { math: 'hf:a/b@test' },
    });
    expect(request?.flags).toMatchObject({
      'train-file': 'hf:openai/gsm8k/main@train',
      eval: 'math=hf:a/b@test,ood',
    });
    expect(request?.mounts).toEqual([]);
    const wrong = await checkRequest({ questions: 'hf:gsm8k' });
    expect(wrong.error).toMatchObject({ code: 'config' });
  });

  it('of a .zip that holds no adapter, or without its model, is refused and leaves nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('arklet-adapters-'));
    const bytes = new TextEncoder().encode('{}');
    const [half, whole] = [join(folder, 'half.zip'), join(folder, 'whole.zip')];
    writeFileSync(half, zipSync({ 'adapter_config.json': bytes }));
    writeFileSync(whole, zipSync({ 'adapter_config.json': bytes, 'adapter_model.safetensors': bytes }));
    const refused = async (agents: string) => (await checkRequest({ agents })).error;
    expect(await refused(`adapter:${half}?base=student`)).toMatchObject({
      code: 'import',
      message: 'half.zip has no adapter_model.safetensors.',
    });
    expect(await refused(`adapter:${whole}`)).toMatchObject({
      code: 'config',
      message: expect.stringContaining(whole) as unknown,
    });
    expect(await refused(`adapter:${join(folder, 'none.zip')}?base=student`)).toMatchObject({
      code: 'config',
    });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('arklet-adapters-'))).toEqual(before);
  });
});
