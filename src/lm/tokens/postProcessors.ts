/** Post-processors of tokenizer.json: the ids put before and after those of a text. */
import { asJson, asList, type Json } from './preTokenizers';
import { asGiven, unsupported } from './regex';

export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function pair(value: unknown): number {
  const id = asList(value)[1];
  if (typeof id !== 'number') throw unsupported('a post-processor without token ids');
  return id;
}

function template(config: Json): Frame {
  const known = asJson(config['special_tokens']);
  const before: number[] = [];
  const after: number[] = [];
  let seen = false;
  for (const item of asList(config['single']).map(asJson)) {
    if ('Sequence' in item) {
      if (seen || asJson(item['Sequence'])['id'] !== 'A')
        throw unsupported('a post-processor for pairs of texts');
      seen = true;
      continue;
    }
    const name = asJson(item['SpecialToken'])['id'];
    const ids = typeof name === 'string' ? asList(asJson(known[name])['ids']) : [];
    if (ids.length === 0 || !ids.every((id) => typeof id === 'number'))
      throw unsupported(`a post-processor that does not say the ids of ${asGiven(name)}`);
    (seen ? after : before).push(...(ids as number[]));
  }
  if (!seen) throw unsupported('a post-processor that leaves the text out');
  return { before, after };
}

/** What a post-processor adds to a single text. Throws ModelError. */
export function createFrame(value: unknown): Frame {
  if (value === null || value === undefined) return { before: [], after: [] };
  const config = asJson(value);
  switch (config['type']) {
    case 'TemplateProcessing':
      return template(config);
    case 'BertProcessing':
    case 'RobertaProcessing':
      return { before: [pair(config['cls'])], after: [pair(config['sep'])] };
    case 'ByteLevel':
      return { before: [], after: [] };
    case 'Sequence': {
      const frames = asList(config['processors']).map(createFrame);
      return {
        before: frames.reduce<readonly number[]>((ids, frame) => [...frame.before, ...ids], []),
        after: frames.flatMap((frame) => frame.after),
      };
    }
    default:
      throw unsupported(`the post-processor ${asGiven(config['type'])}`);
  }
}
