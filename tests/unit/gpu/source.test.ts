import { describe, expect, it } from 'vitest';
import { kernelParts, kernelSources } from '../../../src/gpu/kernels';
import { kernelCode } from '../../../src/gpu/pipelines';
import { composeSource, readInterface } from '../../../src/gpu/source';

const compose = (source: string, parts: Record<string, string> = {}, constants = {}): string =>
  composeSource(source, new Set(['ON']), constants, parts);

describe('a part that kernels include', () => {
  it('stands where it is named, each time with its own values, its directives resolved', () => {
    const parts = {
      load: '//#if ${flag}\nfn ${name}At() {}\n//#else\nfn ${name}Slow() {}\n//#endif',
      rows: '//#repeat t ${rows}\nrow$t\n//#end',
    };
    const source = [
      '//#include load name=x flag=ON',
      '//#include load name=y flag=OFF',
      '  //#include rows rows=1',
      '  //#include rows rows=ROWS',
    ].join('\n');
    expect(compose(source, parts, { ROWS: 2 }).split('\n')).toEqual([
      'const ROWS = 2u;',
      'fn xAt() {}',
      'fn ySlow() {}',
      'row0',
      'row0',
      'row1',
    ]);
  });

  it('may include others and stand inside a repeat', () => {
    const parts = { outer: 'a${t}\n//#include inner t=${t}', inner: 'b${t}' };
    expect(compose('//#repeat t 2\n//#include outer t=$t\n//#end', parts)).toBe('a0\nb0\na1\nb1');
  });

  it('may repeat its lines in loops of one directive, the last letter running fastest', () => {
    expect(compose('//#repeat i 2 q QUADS\n$i$q\n//#end', {}, { QUADS: 3 }).split('\n').slice(1)).toEqual([
      '00',
      '01',
      '02',
      '10',
      '11',
      '12',
    ]);
    expect(() => compose('//#repeat i\n$i\n//#end')).toThrow(/repeat without a count/);
  });

  it('may name constants that only another form has where it is left out', () => {
    const source = '//#if OFF\n//#repeat i TILE\nx$i\n//#end\n//#else\ny\n//#endif';
    expect(compose(source)).toBe('y');
    expect(() => compose(source.replace('OFF', 'ON'))).toThrow(/no constant TILE/);
  });

  it.each([
    ['is unknown', '//#include none', {}, /no part none/],
    ['is a property of every object', '//#include toString', {}, /no part toString/],
    ['is given too little', '//#include load', { load: '${name}' }, /load is given no name/],
    ['includes itself', '//#include a', { a: '//#include b', b: '//#include a' }, /part a includes itself/],
  ])('is refused where it %s', (_, source, parts, message) => {
    expect(() => compose(source, parts)).toThrow(message);
  });
});

describe('what stands before and around a kernel', () => {
  it('is each enable once, first of all: WGSL wants them before the constants of a variant', () => {
    const source = '//#if ON\nenable f16;\n//#endif\n//#include part\nfn main() {}';
    expect(compose(source, { part: 'enable f16;\nenable subgroups;' }, { ROWS: 4 }).split('\n')).toEqual([
      'enable f16;',
      'enable subgroups;',
      'const ROWS = 4u;',
      'fn main() {}',
    ]);
  });

  it.each([
    ['64', 64],
    ['ACROSS, DOWN', 128],
    ['ACROSS, 2, 2,', 32],
  ])('is a workgroup of %s: %i invocations', (sides, invocations) => {
    const code = `struct Sizes { rows: u32 }\n@compute @workgroup_size(${sides})\nfn main() {}`;
    expect(readInterface(code, { ACROSS: 8, DOWN: 16 }).workgroupSize).toBe(invocations);
  });
});

describe('the kernels', () => {
  const files = { ...kernelSources, ...kernelParts };

  it('have at most 120 lines each', () => {
    const long = Object.entries(files).filter(([, source]) => source.trimEnd().split('\n').length > 120);
    expect(long.map(([name]) => name)).toEqual([]);
  });

  it('have no block of more than twelve lines in common', () => {
    const seen = new Map<string, string>();
    const twice: string[] = [];
    for (const [name, source] of Object.entries(files)) {
      const lines = source.split('\n').map((line) => line.trim());
      for (let i = 0; i + 13 <= lines.length; i++) {
        const block = lines.slice(i, i + 13).join('\n');
        if (seen.has(block)) twice.push(`${seen.get(block)} and ${name}, line ${i + 1}`);
        else seen.set(block, name);
      }
    }
    expect(twice).toEqual([]);
  });

  it('have linears whose tile and whose rows that fill no tile are one text', () => {
    const code = kernelCode({
      name: 'linear',
      constants: { ROWS: 1, QUADS: 2, WORKGROUP: 16 },
      weights: 'f32',
    });
    const loops = code.split('for (var i = 0u; i < sizes.columns4; i++) {').slice(1);
    const [rest, tile] = loops.map((text) => text.slice(0, text.indexOf('\n  }')));
    expect(loops).toHaveLength(2);
    expect(rest).toBe(tile);
  });
});
