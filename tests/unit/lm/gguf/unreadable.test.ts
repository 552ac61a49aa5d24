import { describe, expect, it } from 'vitest';
import {
  quantLabel,
  readableFiles,
  saysUnreadable,
  unreadableFile,
} from '../../../../src/lm/gguf/unreadable';

describe('the name of a GGUF file', () => {
  it.each([
    ['SmolLM2-135M-Instruct-Q4_K_M.gguf', 'Q4_K_M', false],
    ['a/b/Llama-3.2-1B-Instruct.IQ2_XXS.gguf', 'IQ2_XXS', true],
    ['qwen2.5-0.5b-instruct-q4_0.gguf', 'q4_0', false],
    ['gpt-oss-20b-mxfp4.gguf', 'mxfp4', true],
    ['m-UD-IQ1_S-00001-of-00002.gguf', 'UD-IQ1_S', true],
    ['m-TQ1_0.gguf', 'TQ1_0', true],
    ['m-IQ4_XS.gguf', 'IQ4_XS', false],
    ['m-IQ4_NL.gguf', 'IQ4_NL', false],
    ['m-Q4_0_4_4.gguf', 'Q4_0_4_4', true],
    ['m-Q6_K.gguf', 'Q6_K', false],
    ['m-BF16.gguf', 'BF16', false],
    ['m-fp16.gguf', 'fp16', false],
    ['Q-learner.gguf', null, false],
    ['model.gguf', null, false],
  ] as const)('%s says %s', (file, label, unreadable) => {
    expect(quantLabel(file)).toBe(label);
    expect(saysUnreadable(file)).toBe(unreadable);
  });

  it('puts those first that fit most machines, and leaves out what cannot be read', () => {
    const files = [
      'm-F16.gguf',
      'm-IQ3_M.gguf',
      'm-Q8_0.gguf',
      'mmproj-m-F16.gguf',
      'README.md',
      'm-Q4_K_M.gguf',
      'm.gguf',
    ];
    expect(readableFiles(files)).toEqual(['m-Q4_K_M.gguf', 'm-Q8_0.gguf', 'm-F16.gguf', 'm.gguf']);
  });

  it('is the pattern of the file to take instead', () => {
    const error = unreadableFile(
      'm-IQ2_S.gguf',
      [
        { name: 't', type: 'IQ2_S' },
        { name: 'u', type: 'IQ3_S' },
      ],
      9,
    );
    expect(error).toMatchObject({
      code: 'file-format',
      message:
        'm-IQ2_S.gguf holds weights of a type that is not supported: t is IQ2_S, and so on for 2 of 9 tensors (IQ2_S, IQ3_S).',
      hint: expect.stringContaining('(m-Q4_K_M.gguf, if it is named alike)') as string,
    });
  });
});
