/** The `loop` variable. */
import { runtime } from './errors';
import { Function, Thing, Undefined, equal, type Value } from './values';

/** The loop variable over some items; `move` advances to the next one. */
export function loopThing(
  items: readonly Value[],
  depth: number,
  recurse: ((items: Value) => Value) | null,
): { readonly thing: Thing; move(): void } {
  let at = -1;
  let last: readonly Value[] | null = null;
  const attribute = (name: string): Value => {
    switch (name) {
      case 'index':
        return at + 1;
      case 'index0':
        return at;
      case 'revindex':
        return items.length - at;
      case 'revindex0':
        return items.length - at - 1;
      case 'first':
        return at === 0;
      case 'last':
        return at === items.length - 1;
      case 'length':
        return items.length;
      case 'depth':
        return depth;
      case 'depth0':
        return depth - 1;
      case 'previtem':
        return at > 0 ? items[at - 1]! : new Undefined('there is no previous item');
      case 'nextitem':
        return at + 1 < items.length ? items[at + 1]! : new Undefined('there is no next item');
      case 'cycle':
        return new Function(name, ({ positional }) => {
          if (positional.length === 0) throw runtime('no items for cycling given');
          return positional[at % positional.length]!;
        });
      case 'changed':
        return new Function(name, ({ positional }) => {
          const same =
            last?.length === positional.length && last.every((item, i) => equal(item, positional[i]!));
          last = positional;
          return !same;
        });
      default:
        return new Undefined(`'jinja2.runtime.LoopContext object' has no attribute '${name}'`);
    }
  };
  const call: Function['call'] = ({ positional }) => {
    if (!recurse) throw runtime("The loop must have the 'recursive' marker to be called recursively.");
    return recurse(positional[0] ?? null);
  };
  return { thing: new Thing('LoopContext', attribute, call), move: () => void at++ };
}
