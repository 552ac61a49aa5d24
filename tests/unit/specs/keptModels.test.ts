import { expect, it } from 'vitest';
import { isKept } from '../../../src/specs/keptModels';
import { parseSpec } from '../../../src/specs/spec';

it('names the models that the app downloads itself', () => {
  for (const spec of [
    'hf:HuggingFaceTB/SmolLM2-135M-Instruct',
    'https://example.org/model/',
    'local:My model',
    'webllm:local:Tiny',
    'transformers:local:Tiny',
    'webllm:Qwen3-0.6B-q4f32_1-MLC',
    'webllm:Qwen3-0.6B-q4f32_1-MLC?context=2048&logprobs=1',
    'webllm:Qwen3-0.6B-q4f32_1-MLC?cache=cache',
    'transformers:onnx-community/Qwen3-0.6B-ONNX',
    'transformers:onnx-community/Qwen3-0.6B-ONNX@q4',
  ])
    expect([spec, isKept(parseSpec(spec))]).toEqual([spec, true]);
});

it('leaves out what is at an address for another library, what WebLLM caches itself, and what is no model here', () => {
  for (const spec of [
    'bundled',
    'agent-a',
    'webllm:mine?model=https://example.org/mine&lib=https://example.org/mine.wasm',
    'webllm:Qwen3-0.6B-q4f32_1-MLC?cache=opfs',
    'transformers:https://example.org/model/',
    'transformers:files/0/@fp32',
    'transformers:files/0',
    'transformers:./model',
    'endpoint:http://localhost:11434/v1#llama3',
    'recorded:run.json',
  ])
    expect([spec, isKept(parseSpec(spec))]).toEqual([spec, false]);
});
