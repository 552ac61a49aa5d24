/**
 * Which names of a frame (template, loop body, macro, ...) start undefined. Jinja2 settles at compile time where a name
 * comes from: one that a frame sets before it reads it, and that no frame around it knows, is the frame's own from the
 * start, even where the caller gave a value of that name.
 */
import type { Arguments, Expression, Signature, Statement, Target } from './ast';

type Body = readonly Statement[];

class Symbols {
  readonly parent: Symbols | null;
  readonly refs: Set<string>;
  readonly stores: Set<string>;
  /** Names that start undefined. */
  readonly hidden: Set<string>;

  constructor(parent: Symbols | null, from?: Symbols) {
    this.parent = parent;
    this.refs = new Set(from?.refs);
    this.stores = new Set(from?.stores);
    this.hidden = new Set(from?.hidden);
  }

  knows(name: string): boolean {
    return this.refs.has(name) || (this.parent?.knows(name) ?? false);
  }

  load(name: string): void {
    if (!this.knows(name)) this.refs.add(name);
  }

  store(name: string): void {
    this.stores.add(name);
    if (this.refs.has(name)) return;
    if (!this.parent?.knows(name)) this.hidden.add(name);
    this.refs.add(name);
  }

  parameter(name: string): void {
    this.stores.add(name);
    this.refs.add(name);
  }

  /** Takes in the branches of an if: what not all of them set may come from outside. */
  merge(branches: readonly Symbols[]): void {
    const counts = new Map<string, number>();
    for (const branch of branches)
      for (const name of branch.stores)
        if (!this.stores.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const branch of branches) {
      branch.refs.forEach((name) => this.refs.add(name));
      branch.stores.forEach((name) => this.stores.add(name));
      branch.hidden.forEach((name) => this.hidden.add(name));
    }
    for (const [name, count] of counts) if (count < branches.length) this.hidden.delete(name);
  }
}

function targetNames(target: Target): string[] {
  return target.type === 'targets' ? target.items.flatMap(targetNames) : [target.name];
}

/** The names that each frame's scope starts with as undefined, by the frame's statements. */
export class FrameNames {
  readonly #hidden = new Map<Body, readonly string[]>();

  constructor(template: Body) {
    this.#frame(template, null, () => undefined);
  }

  of(body: Body): readonly string[] {
    return this.#hidden.get(body) ?? [];
  }

  #frame(body: Body, parent: Symbols | null, start: (symbols: Symbols) => void): void {
    const symbols = new Symbols(parent);
    start(symbols);
    const inner: (() => void)[] = [];
    // Frames inside know the names of the whole frame, whatever the order.
    this.#visit(body, symbols, symbols, inner);
    this.#hidden.set(body, [...symbols.hidden]);
    for (const later of inner) later();
  }

  #visit(body: Body, symbols: Symbols, frame: Symbols, inner: (() => void)[]): void {
    const read = (node: Expression | null) => node && this.#read(node, symbols);
    const nested = (body: Body, start: (own: Symbols) => void = () => undefined) =>
      inner.push(() => this.#frame(body, frame, start));
    for (const statement of body) {
      switch (statement.type) {
        case 'print':
          statement.items.forEach(read);
          break;
        case 'set':
          read(statement.value);
          this.#store(statement.target, symbols);
          break;
        case 'setBlock':
          this.#store(statement.target, symbols);
          nested(statement.body);
          break;
        case 'if': {
          const [first, ...others] = statement.branches;
          read(first!.test);
          const branch = (run: (own: Symbols) => void): Symbols => {
            const own = new Symbols(symbols.parent, symbols);
            run(own);
            return own;
          };
          symbols.merge([
            branch((own) => this.#visit(first!.body, own, frame, inner)),
            branch((own) => {
              for (const { test, body } of others) {
                this.#read(test, own);
                // Each elif is an if of its own.
                const part = new Symbols(own.parent, own);
                this.#visit(body, part, frame, inner);
                own.merge([part, new Symbols(own.parent, own), new Symbols(own.parent, own)]);
              }
            }),
            branch((own) => this.#visit(statement.otherwise, own, frame, inner)),
          ]);
          break;
        }
        case 'for': {
          read(statement.items);
          const names = targetNames(statement.target);
          nested(statement.body, (own) => ['loop', ...names].forEach((name) => own.parameter(name)));
          nested(statement.otherwise);
          break;
        }
        case 'with':
          for (const [, value] of statement.values) read(value);
          nested(statement.body, (own) => {
            for (const [target] of statement.values)
              targetNames(target).forEach((name) => own.parameter(name));
          });
          break;
        case 'macro':
          symbols.store(statement.name);
          this.#macro(statement.macro, nested);
          break;
        case 'callBlock':
          read(statement.call);
          this.#macro(statement.macro, nested);
          break;
        case 'filterBlock':
          read(statement.filter);
          nested(statement.body);
          break;
        case 'scope':
          nested(statement.body);
          break;
        case 'data':
        case 'break':
        case 'continue':
          break;
        default:
          statement satisfies never;
      }
    }
  }

  #macro(macro: Signature, nested: (body: Body, start: (own: Symbols) => void) => void): void {
    nested(macro.body, (own) => {
      for (const { name } of macro.parameters) own.parameter(name);
      for (const { fallback } of macro.parameters) if (fallback) this.#read(fallback, own);
    });
  }

  #store(target: Target, symbols: Symbols): void {
    if (target.type === 'namespace') symbols.load(target.name);
    else if (target.type === 'name') symbols.store(target.name);
    else for (const item of target.items) this.#store(item, symbols);
  }

  #read(node: Expression, symbols: Symbols): void {
    const read = (one: Expression | null) => one && this.#read(one, symbols);
    const all = (args: Arguments) => {
      args.positional.forEach(read);
      args.named.forEach(([, value]) => read(value));
      read(args.list);
      read(args.dict);
    };
    switch (node.type) {
      case 'const':
        break;
      case 'name':
        symbols.load(node.name);
        break;
      case 'list':
      case 'tuple':
      case 'concat':
        node.items.forEach(read);
        break;
      case 'dict':
        for (const pair of node.entries) pair.forEach(read);
        break;
      case 'attribute':
      case 'not':
      case 'negative':
      case 'positive':
        read(node.of);
        break;
      case 'item':
        read(node.of);
        read(node.key);
        break;
      case 'slice':
        [node.start, node.stop, node.step].forEach(read);
        break;
      case 'call':
      case 'filter':
      case 'test':
        read(node.of);
        all(node.args);
        break;
      case 'and':
      case 'or':
      case 'binary':
        read(node.left);
        read(node.right);
        break;
      case 'compare':
        read(node.first);
        node.rest.forEach(({ value }) => read(value));
        break;
      case 'condition':
        [node.test, node.yes, node.no].forEach(read);
        break;
      default:
        node satisfies never;
    }
  }
}
