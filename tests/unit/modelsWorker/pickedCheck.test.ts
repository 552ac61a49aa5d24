import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkPicked } from '../../../src/modelsWorker/pickedCheck';
import { writeGguf, type GgufMeta } from '../../../src/train/ggufWriter';

const picked = (path: string, bytes: Uint8Array<ArrayBuffer>) => [{ path, blob: new Blob([bytes]) }];

describe('a GGUF file is refused when it is picked', () => {
  // Of tests/golden/lm/gguf, which holds a config and weights and no tokenizer.
  const golden = new Uint8Array(readFileSync('tests/golden/lm/gguf/model.gguf'));

  it('where it has no tokenizer that can be used, by its name', async () => {
    const error: unknown = await checkPicked(picked('mine.gguf', golden)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'model',
      message: expect.stringMatching(/mine\.gguf.*tokenizer/) as string,
    });
  });

  it('and taken where config and tokenizer are such as a run can use', async () => {
    const u32 = (value: number): GgufMeta => ({ type: 'u32', value });
    const said = ['tokenizer.ggml.pre', { type: 'string', value: 'gpt-2' }] as const;
    const meta = new Map<string, GgufMeta>([
      ['general.architecture', { type: 'string', value: 'llama' }],
      ['llama.block_count', u32(1)],
      ['llama.embedding_length', u32(8)],
      ['llama.feed_forward_length', u32(16)],
      ['llama.attention.head_count', u32(2)],
      ['llama.attention.head_count_kv', u32(2)],
      ['llama.context_length', u32(64)],
      ['llama.vocab_size', u32(3)],
      ['llama.attention.layer_norm_rms_epsilon', { type: 'f32', value: 1e-5 }],
      ['tokenizer.ggml.model', { type: 'string', value: 'gpt2' }],
      ['tokenizer.ggml.tokens', { type: 'strings', value: ['a', 'b', 'ab'] }],
      ['tokenizer.ggml.merges', { type: 'strings', value: ['a b'] }],
    ]);
    const embedding = {
      name: 'token_embd.weight',
      shape: [3, 8],
      type: 'F32',
      data: new Float32Array(24),
    } as const;
    const check = (all: typeof meta) => checkPicked(picked('good.gguf', writeGguf(all, [embedding])));
    expect(await check(new Map([...meta, said]))).toBeNull();
    // Without the name of its split a general rule is used, which the user is told.
    expect(await check(meta)).toMatch(/does not say how its tokenizer splits text/);
  });

  it('where it is cut off or no GGUF at all', async () => {
    await expect(checkPicked(picked('cut.gguf', golden.slice(0, 4000)))).rejects.toThrow(/cut\.gguf/);
    await expect(
      checkPicked(picked('page.gguf', new TextEncoder().encode('<!doctype html>'))),
    ).rejects.toThrow(/page\.gguf/);
  });

  it('where a tensor is of a type that is not read, by tensor, type and the file to take', async () => {
    const other = golden.slice();
    const name = 'blk.0.attn_output.weight';
    // The type stands behind the name and two dimensions; 18 is IQ3_XXS.
    const at = Buffer.from(other.buffer).indexOf(name) + name.length + 4 + 2 * 8;
    new DataView(other.buffer).setUint32(at, 18, true);
    await expect(checkPicked(picked('m-IQ3_XXS.gguf', other))).rejects.toMatchObject({
      code: 'file-format',
      message: expect.stringMatching(/m-IQ3_XXS\.gguf .*blk\.0\.attn_output\.weight is IQ3_XXS/) as string,
      hint: expect.stringContaining('m-Q4_K_M.gguf') as string,
    });
  });

  it('where its family is unknown', async () => {
    const meta = new Map<string, GgufMeta>([['general.architecture', { type: 'string', value: 'mamba' }]]);
    await expect(checkPicked(picked('other.gguf', writeGguf(meta, [])))).rejects.toThrow(/other\.gguf/);
  });
});

it('leaves folders and other files to the code that stores them', async () => {
  await expect(checkPicked(picked('notes.txt', new Uint8Array(3)))).resolves.toBeNull();
});
