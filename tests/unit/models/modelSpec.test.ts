import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileFormatError } from '../../../src/core/errors';
import { parseCatalogue } from '../../../src/models/catalogue';
import { resolveModel } from '../../../src/models/modelSpec';
import { parseSpecOf } from '../../../src/specs/spec';

const catalogue = parseCatalogue(
  JSON.parse(readFileSync('public/models/index.json', 'utf8')) as unknown,
  'public/models/index.json',
);
const at = { base: 'http://host/app/', catalogue };

describe('the catalogue of bundled models', () => {
  it('names agents, agents that share gaps and a student, whose folders are there', () => {
    const roles = new Set(catalogue.map(({ role }) => role));
    expect([...roles].sort()).toEqual(['agent', 'overlap', 'student']);
    for (const { id } of catalogue) {
      expect(readFileSync(`public/models/${id}/config.json`).byteLength).toBeGreaterThan(0);
    }
  });

  it.each([[null], [{}], [[{ id: '../up' }]]])('is refused when it is %j', (input) => {
    expect(() => parseCatalogue(input, 'x')).toThrow(FileFormatError);
  });
});

describe('a model named', () => {
  it('by a bundled id is under the app', () => {
    const id = catalogue[0]?.id ?? '';
    expect(resolveModel(parseSpecOf('engine', id), at)).toEqual({
      id,
      place: { type: 'folder', url: `http://host/app/models/${id}/` },
      promptStyle: catalogue[0]?.promptStyle,
    });
  });

  it.each([
    ['https://other/m', { type: 'folder', url: 'https://other/m/' }],
    ['files/0/SmolLM2', { type: 'folder', url: 'http://host/app/files/0/SmolLM2/' }],
    ['files/1/m.Q4.gguf', { type: 'gguf', url: 'http://host/app/files/1/m.Q4.gguf' }],
  ])('%s keeps its name as id and reads natural prompts', (spec, place) => {
    expect(resolveModel(parseSpecOf('engine', spec), at)).toEqual({ id: spec, place, promptStyle: null });
  });

  it('by nothing known is refused with the names that are', () => {
    expect(() => resolveModel(parseSpecOf('engine', 'gpt'), at)).toThrow(/no model "gpt"/);
  });

  it.each([
    ['hf:HuggingFaceTB/SmolLM2-135M-Instruct@main', 'hf:HuggingFaceTB/SmolLM2-135M-Instruct'],
    ['hf:a/b@v1.0', 'hf:a/b@v1.0'],
    ['hf:a/b/q4/x.Q4_1.gguf@main', 'hf:a/b/q4/x.Q4_1.gguf'],
    ['local:My model', 'local:My model'],
  ])('%s lies in storage under its shortest name', (spec, id) => {
    expect(resolveModel(parseSpecOf('engine', spec), at)).toEqual({
      id,
      place: { type: 'stored', id },
      promptStyle: null,
    });
  });
});
