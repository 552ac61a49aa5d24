/** Ways in for models: weights, adapters, archives of these, tokenizers, templates, configs. Tiny models, made here by our own writers. */
import { deflateSync, zipSync } from 'fflate';
import { createReferenceBackend } from '../../src/compute/referenceBackend';
import { filesSource } from '../../src/core/fileSource';
import { plainBlock } from '../../src/lm/block/form';
import { checkFits, createAdapter } from '../../src/lm/adapter';
import { ChatTemplate } from '../../src/lm/chat/chatTemplate';
import { openGguf } from '../../src/lm/gguf/gguf';
import { parseConfig as parseModelConfig } from '../../src/lm/config';
import { loadModel, unloadModel } from '../../src/lm/load';
import { writeSafetensors } from '../../src/lm/safetensors';
import { createTokenizer, loadTokenizer } from '../../src/lm/tokenizer';
import type { Tokenizer } from '../../src/lm/types';
import { readModelShape } from '../../src/models/readModelShape';
import { parseConfig } from '../../src/settings/config';
import { readPeft, writePeft } from '../../src/train/adapterFiles';
import { writeGguf, type GgufMeta } from '../../src/train/ggufWriter';
import { ggufName, mergedGguf } from '../../src/train/mergedGguf';
import { readCheckpoint } from '../../src/train/checkpoint';
import { readAdapterFiles } from '../../src/ui/adapterFiles';
import { config as runConfig } from '../../tests/ui/fixtures/archive';
import { chatTemplates, tinyConfig, tinyTensors, tokenizerJsons } from './tinyModel';
import { bytesOf, joined, mutatedBytes, mutatedJson, mutatedText, writtenJson } from './mutations';
import type { Dice } from './dice';
import type { CaseMaker } from './types';

type Files = Readonly<Record<string, Uint8Array>>;

const sizeOf = (files: Files): number => Object.values(files).reduce((sum, { length }) => sum + length, 0);

function useTokenizer(tokenizer: Tokenizer): void {
  for (const text of ['What is 2 + 2?', 'ﬁ ½ é 👩‍👩‍👧 \u0000', '    \n\n12345678901234567890', 'a'.repeat(300)]) {
    const ids = tokenizer.encode(text);
    tokenizer.decode(ids, { skipSpecial: true });
  }
  void tokenizer.eosIds;
  if (tokenizer.chats)
    tokenizer.chatIds([{ role: 'user', content: 'What is 2 + 2?' }], { addGenerationPrompt: true });
}

const modelFolder = (): Files => ({
  'config.json': bytesOf(JSON.stringify(tinyConfig)),
  'model.safetensors': writeSafetensors(tinyTensors()),
});

/** Changes one file: JSON by its values, anything else by its bytes. */
function changed(files: Files, dice: Dice, head?: number): Files {
  const name = dice.pick(Object.keys(files));
  const bytes = files[name]!;
  if (dice.chance(0.02)) return Object.fromEntries(Object.entries(files).filter(([one]) => one !== name));
  if (/\.json$/.test(name) && dice.chance(0.9)) {
    const value = mutatedJson(JSON.parse(new TextDecoder().decode(bytes)), dice);
    return { ...files, [name]: bytesOf(writtenJson(value, dice)) };
  }
  return { ...files, [name]: mutatedBytes(bytes, dice, head) };
}

/** A safetensors file whose header's values were changed, its length kept right. */
function changedHeader(bytes: Uint8Array, dice: Dice): Uint8Array<ArrayBuffer> {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as unknown;
  const text = bytesOf(writtenJson(mutatedJson(header, dice), dice));
  const size = new Uint8Array(8);
  new DataView(size.buffer).setBigUint64(0, BigInt(text.length), true);
  return joined(size, text, bytes.subarray(8 + length));
}

const safetensors = (): CaseMaker => {
  const files = modelFolder();
  const weights = files['model.safetensors']!;
  return (dice) => {
    const now = dice.chance(0.5)
      ? { ...files, 'model.safetensors': changedHeader(weights, dice) }
      : changed(files, dice, 1200);
    return {
      bytes: sizeOf(now),
      async run() {
        const source = filesSource(now, 'model');
        await readModelShape(source);
        const model = await loadModel(source, createReferenceBackend(), { maxContext: 16 });
        unloadModel(model);
      },
    };
  };
};

/** A GGUF with a byte-level tokenizer as our export writes it, and one with pieces of SentencePiece. */
async function ggufFiles(): Promise<readonly Uint8Array<ArrayBuffer>[]> {
  const folder = filesSource(
    {
      ...modelFolder(),
      'tokenizer.json': bytesOf(JSON.stringify(tokenizerJsons[0])),
      'tokenizer_config.json': bytesOf(
        JSON.stringify({ chat_template: chatTemplates[0], eos_token: '</s>' }),
      ),
    },
    'model',
  );
  const model = await loadModel(folder, createReferenceBackend(), { maxContext: 16 });
  const byteLevel = await mergedGguf(model, null, { format: 'f16', source: folder });
  const { metadata } = await openGguf(filesSource({ 'model.gguf': byteLevel }, 'model'), 'model.gguf');
  const numbers = [...metadata].filter(([key]) => key.startsWith('llama.'));
  const pieces = ['<unk>', '<s>', '</s>', '<0x0A>', '\u2581', 'a', '\u2581a', ...'bcdefghijklmnopqr'];
  const meta = new Map<string, GgufMeta>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ...numbers.map(([key, value]): [string, GgufMeta] => [
      key,
      { type: /eps|freq_base/.test(key) ? 'f32' : 'u32', value: Number(value) },
    ]),
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: pieces }],
    ['tokenizer.ggml.scores', { type: 'f32s', value: pieces.map((_, i) => -i) }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: pieces.map((_, i) => [2, 3, 3, 6][i] ?? 1) }],
    ['tokenizer.ggml.bos_token_id', { type: 'u32', value: 1 }],
    ['tokenizer.ggml.eos_token_id', { type: 'u32', value: 2 }],
    ['tokenizer.chat_template', { type: 'string', value: chatTemplates[1]! }],
  ]);
  const tensors = tinyTensors().map(({ name, shape, data }) => ({
    name: ggufName(name, { block: plainBlock }),
    shape,
    data,
    type: 'F32' as const,
  }));
  return [byteLevel, writeGguf(meta, tensors)];
}

const gguf = async (): Promise<CaseMaker> => {
  const corpus = await ggufFiles();
  return (dice) => {
    const bytes = mutatedBytes(dice.pick(corpus), dice, dice.pick([60, 3000, 1e9]));
    const whole = dice.chance(0.2);
    return {
      bytes: bytes.length,
      async run() {
        const source = filesSource({ 'model.gguf': bytes }, 'model');
        await readModelShape(source);
        useTokenizer(await loadTokenizer(source));
        if (whole) unloadModel(await loadModel(source, createReferenceBackend(), { maxContext: 16 }));
      },
    };
  };
};

async function peftFolder(): Promise<Files> {
  const model = await loadModel(filesSource(modelFolder(), 'model'), createReferenceBackend(), {
    maxContext: 16,
  });
  const lora = { rank: 2, alpha: 4, dropout: 0, rslora: false, targets: ['q_proj', 'v_proj'] } as const;
  return Object.fromEntries(
    await writePeft(model.backend, createAdapter(model, lora, { seed: 0, owner: 'fuzz' }), 'tiny'),
  );
}

const adapters = async (): Promise<CaseMaker> => {
  const files = await peftFolder();
  const weights = 'adapter_model.safetensors';
  const config = parseModelConfig(tinyConfig);
  return (dice) => {
    let now = changed(files, dice, 900);
    if (dice.chance(0.4)) now = { ...files, [weights]: changedHeader(files[weights]!, dice) };
    // PEFT's settings have many names that the file we write has not.
    if (dice.chance(0.3)) {
      const settings = JSON.parse(new TextDecoder().decode(files['adapter_config.json'])) as object;
      const more = dice.pick<object>([
        { target_modules: '.*(q|v)_proj' },
        { target_modules: '((a+)+)+$' },
        { rank_pattern: { '.*q_proj': 2 }, alpha_pattern: { '^(.*)*x': 3 } },
        { layers_to_transform: [0], layers_pattern: 'layers' },
        { exclude_modules: ['o_proj'], use_dora: false, use_rslora: true },
        { modules_to_save: [], bias: 'none', megatron_config: null },
      ]);
      now = {
        ...now,
        'adapter_config.json': bytesOf(writtenJson(mutatedJson({ ...settings, ...more }, dice), dice)),
      };
    }
    return {
      bytes: sizeOf(now),
      async run() {
        checkFits(config, await readPeft(filesSource(now, 'adapter')));
      },
    };
  };
};

/** A .zip with one file in it that unpacks to `size` zeros and says so. */
function bomb(size: number): Uint8Array {
  return zipSync(
    { 'adapter_config.json': bytesOf('{}'), 'adapter_model.safetensors': new Uint8Array(size) },
    { level: 9 },
  );
}

const zips = async (): Promise<CaseMaker> => {
  const files = await peftFolder();
  const packed = zipSync(files, { level: 6 });
  const stored = zipSync(
    Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`a/b/${name}`, bytes])),
    { level: 0 },
  );
  const packedEnd = 400;
  let bombs: Uint8Array | undefined;
  return (dice) => {
    let bytes: Uint8Array<ArrayBuffer>;
    if (dice.chance(0.002)) bytes = new Uint8Array((bombs ??= bomb(20e6)));
    else {
      const whole = dice.chance(0.5) ? packed : stored;
      // The list of files stands at the end.
      const cut = dice.chance(0.7) ? whole.length - packedEnd : 0;
      bytes = joined(whole.subarray(0, cut), mutatedBytes(whole.subarray(cut), dice));
      if (dice.chance(0.1)) bytes = joined(bytes, deflateSync(bytesOf('more'.repeat(dice.below(1000)))));
    }
    return {
      bytes: bytes.length,
      async run() {
        const { name, files: found } = await readAdapterFiles([new File([bytes], 'adapter.zip')]);
        await readPeft(filesSource(found, name));
      },
    };
  };
};

/** Searches that would not end. */
const endless = ['(a+)+b', '(?:\\p{L}*)*!', '(\\d|\\d)+x', '(.*)*1'];

const tokenizers = (): CaseMaker => (dice) => {
  const pattern = { Regex: dice.pick(endless) };
  const search = dice.pick<object>([
    { pre_tokenizer: { type: 'Split', pattern, behavior: 'Isolated' } },
    { normalizer: { type: 'Replace', pattern, content: 'x' } },
  ]);
  const valid = dice.pick(tokenizerJsons);
  const json = mutatedJson(dice.chance(0.01) ? { ...valid, ...search } : valid, dice);
  const settings = mutatedJson(
    { chat_template: dice.pick(chatTemplates), bos_token: '<s>', eos_token: { content: '</s>' }, unk_token: '<unk>', added_tokens_decoder: { 0: { content: '<unk>', special: true } } },
    dice,
  ); // prettier-ignore
  if (dice.chance(0.2)) {
    const bytes = JSON.stringify([json, settings]).length;
    return { bytes, run: () => useTokenizer(createTokenizer(json, settings)) };
  }
  const files: Files = {
    'tokenizer.json': bytesOf(writtenJson(json, dice)),
    'tokenizer_config.json': bytesOf(writtenJson(settings, dice)),
    ...(dice.chance(0.3) && {
      'special_tokens_map.json': bytesOf(writtenJson(mutatedJson({ eos_token: '</s>' }, dice), dice)),
    }),
    ...(dice.chance(0.2) && {
      'added_tokens.json': bytesOf(writtenJson(mutatedJson({ '<y>': 20 }, dice), dice)),
    }),
    ...(dice.chance(0.2) && { 'chat_template.jinja': bytesOf(mutatedText(dice.pick(chatTemplates), dice)) }),
  };
  return {
    bytes: sizeOf(files),
    run: async () => useTokenizer(await loadTokenizer(filesSource(files, 'model'))),
  };
};

const fragments = [
  '{% for i in range(100000) %}{{ i }}{% endfor %}', '{% for a in messages %}{% for b in messages %}{{ a }}{% endfor %}{% endfor %}',
  "{{ 'x' * 999999 }}", "{% set ns = namespace(s='ab') %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}",
  '{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}', "{{ raise_exception('no') }}", "{{ messages | tojson(indent=1000000) }}",
  "{{ 'a' | replace('', 'bbbbbbbb') | replace('', 'cccccccc') | replace('', 'dddddddd') }}", '{{ [[1]*1000]*1000 }}', '{{ 9**99**99 }}',
  "{{ '%1000000000d' % 1 }}", "{{ '{:>999999999}'.format(1) }}", "{{ 'a' | center(100000000) }}", '{{ range(0, 10, 0) }}', "{{ messages[0]['content'].split('') }}",
  "{{ (messages | map(attribute='content') | join(',')) * 1000 }}", "{% set d = {} %}{% for i in range(3000) %}{{ d.update({i: i}) }}{% endfor %}", '{{ messages | sort(attribute="content") | list }}',
  "{{ strftime_now('%Y'*1000) }}", '{{ 1/0 }}', '{{ -1 // 0 }}', '{{ 5 % 0 }}', '{{ none.x }}', "{{ 'abc'[::0] }}", "{{ messages | batch(0) | list }}", '{{ messages | slice(0) | list }}',
  "{{ 'x' | indent(10000000) }}", "{{ 'x' | wordwrap(0) }}", "{{ 'a b c' | truncate(-1) }}", '{{ 1.5 | round(400) }}', "{{ '1' * 400 | int }}", "{{ ('1' * 5000) | int }}", '{{ lipsum(n=100000) }}', '{{ cycler() }}', '{{ joiner(1) }}',
]; // prettier-ignore

const templates = (): CaseMaker => (dice) => {
  let text = dice.pick(chatTemplates);
  if (dice.chance(0.5)) {
    const at = text.indexOf('%}') + 2;
    text = text.slice(0, at) + dice.pick(fragments) + text.slice(at);
  }
  if (dice.chance(0.8)) text = mutatedText(text, dice);
  if (dice.chance(0.01)) text = dice.pick(['{% if a %}', '{{ (', '{{ [', '{{ a(', '{{ not ', '{{ -', '{% for a in b %}']).repeat(dice.pick([50, 3000, 60_000])); // prettier-ignore
  const content = dice.chance(0.3) ? mutatedText('What is 2 + 2?', dice) : 'What is 2 + 2?';
  return {
    bytes: text.length + content.length,
    run() {
      const chat = new ChatTemplate(text, { bos_token: '<s>', eos_token: '</s>' }, 'A model');
      chat.afterReply();
      chat.text(
        [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content },
        ],
        { addGenerationPrompt: true },
      );
    },
  };
};

const configs = (): CaseMaker => {
  const rope = { rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 64 }; // prettier-ignore
  const models = [
    tinyConfig,
    { ...tinyConfig, model_type: 'qwen3', rope_scaling: rope, eos_token_id: [1, 2] },
  ];
  return (dice) => {
    if (dice.chance(0.4)) {
      const config = mutatedJson(runConfig, dice);
      return { bytes: JSON.stringify(config)?.length ?? 0, run: () => parseConfig(config) };
    }
    if (dice.chance(0.1)) {
      const bytes = mutatedBytes(checkpoint(), dice);
      return { bytes: bytes.length, run: () => readCheckpoint(bytes) };
    }
    const files: Files = {
      ...modelFolder(),
      'config.json': bytesOf(writtenJson(mutatedJson(dice.pick(models), dice), dice)),
      ...(dice.chance(0.3) && {
        'generation_config.json': bytesOf(writtenJson(mutatedJson({ eos_token_id: [1, 2] }, dice), dice)),
      }),
    };
    return {
      bytes: sizeOf(files),
      async run() {
        await readModelShape(filesSource(files, 'model'));
        // Tables of positions are as long as the config says, up to what is asked for.
        unloadModel(
          await loadModel(filesSource(files, 'model'), createReferenceBackend(), { maxContext: 64 }),
        );
      },
    };
  };
};

function checkpoint(): Uint8Array<ArrayBuffer> {
  const state = { version: 1, kind: 'training', step: 1, cursor: 1, tokens: 1, options: { lora: {} }, data: 1, device: 'x', variants: null, best: null, stale: 0 }; // prettier-ignore
  const data = Float32Array.of(1, 2, 3, 4);
  const tensors = ['params', 'm', 'v'].map((name) => ({ name, dtype: 'F32' as const, shape: [4], data }));
  return writeSafetensors(tensors, { arklet: JSON.stringify(state) });
}

export const modelFiles = { safetensors, gguf, adapters, zips, tokenizers, templates, configs };
