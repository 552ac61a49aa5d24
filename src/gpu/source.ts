/**
 * WGSL sources with a few comment directives, and what the engine must know of them: bindings and uniform fields.
 * What several kernels share is a part; the variants of a kernel are chosen by
 *   //#include NAME key=value ...           the part of that name, `${key}` in it replaced
 *   //#if NAME ... //#else ... //#endif      NAME is a flag of the variant
 *   //#repeat i COUNT ... //#end             the lines once for each i < COUNT, `$i` replaced (registers have names);
 *                                           repeats nest with different letters, and `i COUNT j COUNT` is j inside i
 * COUNT and other capital names are constants of the variant; they stand at the top as `const`, after the `enable` lines of all.
 * Everything else (numbers, layouts) is read from the WGSL itself, so that no second declaration can drift from it.
 */

export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly writable: boolean;
}

export interface UniformField {
  readonly name: string;
  readonly type: 'u32' | 'f32' | 'segments';
  /** In bytes. */
  readonly offset: number;
}

export interface Interface {
  readonly bindings: readonly Binding[];
  readonly fields: readonly UniformField[];
  /** Bytes of struct Sizes, a multiple of 16. */
  readonly uniformBytes: number;
  /** Invocations, over all of its dimensions. */
  readonly workgroupSize: number;
}

/** Parts by name, in WGSL. */
export type Parts = Readonly<Record<string, string>>;

/** Resolves the directives. Throws RangeError when they do not nest, or a part or a repeat count is unknown. */
export function composeSource(
  source: string,
  flags: ReadonlySet<string>,
  constants: Readonly<Record<string, number>>,
  parts: Parts = {},
): string {
  let output: string[] = [];
  const conditions: boolean[] = [];
  const repeats: { loops: readonly Loop[]; outer: string[] }[] = [];
  for (const line of includeParts(source, parts)) {
    const directive = /^\s*\/\/#(\w+)\s*(.*)$/.exec(line);
    if (directive === null) {
      if (!conditions.includes(false)) output.push(line);
      continue;
    }
    const [, word, rest = ''] = directive;
    if (word === 'if') conditions.push(flags.has(rest.trim()));
    else if (word === 'else') conditions.push(!(conditions.pop() ?? fail('else without if')));
    else if (word === 'endif') {
      if (conditions.pop() === undefined) fail('endif without if');
    } else if (word === 'repeat') {
      // What is left out has constants of another form.
      repeats.push({ loops: conditions.includes(false) ? [] : loopsOf(rest, constants), outer: output });
      output = [];
    } else if (word === 'end') {
      const repeat = repeats.pop() ?? fail('end without repeat');
      output = [...repeat.outer, ...repeat.loops.reduceRight(unrolled, output)];
    } else fail(`unknown directive ${word ?? ''}`);
  }
  if (conditions.length > 0 || repeats.length > 0) fail('a directive is not closed');
  const enables = new Set(output.filter((line) => /^\s*enable\s/.test(line)).map((line) => line.trim()));
  const named = Object.entries(constants).map(([name, value]) => `const ${name} = ${value}u;`);
  return [...enables, ...named, ...output.filter((line) => !/^\s*enable\s/.test(line))].join('\n');
}

/** The lines of a source with its parts in place, theirs included. */
function includeParts(source: string, parts: Parts, within: readonly string[] = []): string[] {
  return source.split('\n').flatMap((line) => {
    const directive = /^\s*\/\/#include\s+(\w+)(.*)$/.exec(line);
    if (directive === null) return [line];
    const [, name = '', list = ''] = directive;
    if (within.includes(name)) fail(`part ${name} includes itself`);
    const part = (Object.hasOwn(parts, name) ? parts[name] : undefined) ?? fail(`no part ${name}`);
    const values = new Map(
      [...list.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value] as const),
    );
    const text = part.replaceAll(
      /\$\{(\w+)\}/g,
      (_, key: string) => values.get(key) ?? fail(`part ${name} is given no ${key}`),
    );
    return includeParts(text, parts, [...within, name]);
  });
}

interface Loop {
  readonly name: string;
  readonly count: number;
}

/** `i 2 c QUADS`: the loops of a repeat, the outermost first. */
function loopsOf(text: string, constants: Readonly<Record<string, number>>): readonly Loop[] {
  const loops = [...text.matchAll(/(\w+)\s+(\w+)/g)].map(([, name = '', count = '']) => ({
    name,
    count: counted(count, constants),
  }));
  return loops.length > 0 ? loops : fail('repeat without a count');
}

const unrolled = (body: readonly string[], { name, count }: Loop): string[] =>
  Array.from({ length: count }, (_, i) => body.map((text) => text.replaceAll(`$${name}`, String(i)))).flat();

/** A literal number or a constant of the variant. */
function counted(text: string, constants: Readonly<Record<string, number>>): number {
  return constants[text] ?? (/^\d+$/.test(text) ? Number(text) : fail(`no constant ${text}`));
}

/** Reads struct Sizes, the storage bindings and the invocations of a workgroup (its sides are numbers or constants). */
export function readInterface(source: string, constants: Readonly<Record<string, number>>): Interface {
  const code = source.replaceAll(/\/\/.*$/gm, '');
  const struct = /struct Sizes \{([^}]*)\}/.exec(code)?.[1] ?? fail('no struct Sizes');
  const fields: UniformField[] = [];
  let offset = 0;
  for (const [, name = '', type = ''] of struct.matchAll(/(\w+)\s*:\s*(u32|f32|array<vec4<u32>, 4>)/g)) {
    if (type === 'u32' || type === 'f32') {
      fields.push({ name, type, offset });
      offset += 4;
    } else {
      offset = Math.ceil(offset / 16) * 16;
      fields.push({ name, type: 'segments', offset });
      offset += 64;
    }
  }
  const bindings: Binding[] = [];
  for (const [, index, access, name = ''] of code.matchAll(
    /@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>\s*(\w+)/g,
  )) {
    bindings.push({ name, index: Number(index), writable: access === 'read_write' });
  }
  const size = /@workgroup_size\(([\w\s,]+)\)/.exec(code)?.[1] ?? fail('no workgroup size');
  return {
    bindings,
    fields,
    uniformBytes: Math.ceil(offset / 16) * 16,
    workgroupSize: size
      .split(',')
      .map((side) => side.trim())
      .filter((side) => side !== '')
      .reduce((product, side) => product * counted(side, constants), 1),
  };
}

function fail(what: string): never {
  throw new RangeError(`WGSL: ${what}`);
}
