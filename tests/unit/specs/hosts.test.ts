import { describe, expect, it } from 'vitest';
import { hostsOf, hostsOfRun } from '../../../src/specs/hosts';
import { parseSpec } from '../../../src/specs/spec';

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
    ['recorded:imported', []],
    // Resolved against the app's address, as the request is.
    ['//cdn.test/model', ['cdn.test']],
  ])('of %s are %j', (spec, hosts) => {
    expect(hostsOf(parseSpec(spec), base)).toEqual(hosts);
  });

  it.each([
    'hf:a/b',
    'webllm:Llama-3.2-1B-Instruct-q4f32_1-MLC',
    'transformers:a/b',
    'transformers:own.er/b@q4',
  ])('of %s are the hub’s', (spec) => {
    expect(hostsOf(parseSpec(spec), base)).toContain('huggingface.co');
  });

  it('are those of the agents, the personas’ models and the student, each once', () => {
    const run = {
      agents: ['bundled', 'endpoint:https://one.test/v1#a'],
      personas: [{ name: 'P' }, { name: 'Q', model: 'endpoint:https://two.test/v1#b' }],
      student: 'endpoint:https://one.test/v1#c',
    };
    expect(hostsOfRun(run, base)).toEqual(['one.test', 'two.test']);
    expect(
      hostsOfRun({ agents: ['endpoint:http://', 'hf:one'], personas: [], student: 'bundled' }, base),
    ).toEqual([]);
    expect(hostsOfRun({ agents: ['bundled'], personas: [], student: 'bundled' }, base)).toEqual([]);
  });
});
