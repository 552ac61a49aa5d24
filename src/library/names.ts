import { RandomStream } from '../core/rng';
import { freeName } from './storedRuns';

const adjectives =
  'amber brisk calm candid clever copper crisp daring eager early fair fleet gentle golden hardy honest jolly keen lively lucid mellow merry nimble noble patient plucky quiet rapid rosy sage silver snug solid spry steady sunny swift tidy vivid witty'.split(
    ' ',
  );
const nouns =
  'ash badger beech birch brook cedar comet crane cricket dune falcon fern finch fjord garnet glade harbor heron ibis juniper kestrel lark lichen linden lynx maple marten meadow newt osprey otter pebble pine plover quartz raven reed robin spruce starling tern thistle walnut willow wren'.split(
    ' ',
  );

/** A memorable name such as "calm-otter", the same for the same seed, with a number where it is taken. */
export function memorableName(seed: number, taken: ReadonlySet<string>): string {
  const stream = new RandomStream(seed);
  return freeName(`${stream.pick(adjectives)}-${stream.pick(nouns)}`, taken);
}
