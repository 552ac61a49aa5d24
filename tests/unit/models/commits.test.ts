import { expect, it } from 'vitest';
import { commitsOf } from '../../../src/models/commits';
import { parseSpec } from '../../../src/specs/spec';

it('a run’s models of the hub are told by the commit that their download was pinned to', () => {
  const specs = ['hf:a/model', 'hf:a/model@v1', 'transformers:b/onnx', 'hf:c/absent', 'student'].map(
    parseSpec,
  );
  const stored = [
    { id: 'hf:a/model', commit: 'c0ffee' },
    { id: 'hf:a/model@v1', commit: 'f00d' },
    { id: 'transformers:b/onnx@q4', commit: 'beef' },
    { id: 'local:mine', commit: null },
  ];
  expect(commitsOf(specs, stored)).toEqual({
    'hf:a/model': 'c0ffee',
    'hf:a/model@v1': 'f00d',
    'transformers:b/onnx': 'beef',
  });
});
