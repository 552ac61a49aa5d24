import { describe, expect, it } from 'vitest';
import { hostsOf } from '../../../src/core/hosts';

const base = 'http://app.test/x/';

describe('the hosts that an agent makes the app contact', () => {
  it.each([
    ['bundled', []],
    ['local:My model', []],
    ['webllm:local:Tiny', []],
    ['transformers:local:tiny', []],
    ['webllm:mine?model=https://weights.test/m&lib=https://libs.test/a.wasm', ['weights.test', 'libs.test']],
    ['webllm:mine?model=files/0&lib=files/1/a.wasm', []],
    ['endpoint:http://localhost:11434/v1#m', ['localhost:11434']],
  ])('of %s are %j', (spec, hosts) => {
    expect(hostsOf(spec, base)).toEqual(hosts);
  });

  it.each(['hf:a/b', 'webllm:Llama-3.2-1B-Instruct-q4f32_1-MLC', 'transformers:a/b'])(
    'of %s are the hub’s',
    (spec) => {
      expect(hostsOf(spec, base)).toContain('huggingface.co');
    },
  );
});
