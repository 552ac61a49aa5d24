/** What of the chosen models decides which questions they can read: their words, and the room of their context. */
import type { PromptStyle } from '../records/records';
import type { RunConfig } from '../settings/config';
import { personaOf } from '../settings/personas';
import { specId, specLabel } from '../specs/spec';
import { defaultMaxContext } from '../lm/load';
import { loadTokenizer } from '../lm/tokenizer';
import type { Tokenizer } from '../lm/types';
import { fetchCatalogue } from '../models/catalogue';
import type { ModelRef } from '../models/modelSpec';
import { openModelSource, readModelConfig } from '../models/modelSource';
import { promptStyle } from '../job/job';
import { resolveModels } from '../job/resolveAgents';

export interface Reader {
  readonly model: string;
  readonly style: PromptStyle;
  readonly tokenizer: Pick<Tokenizer, 'unknownWords' | 'encode' | 'chatIds'>;
  /** Tokens that its context holds. */
  readonly context: number;
  /** What it is in the run; a model may be both. */
  readonly agent: boolean;
  readonly student: boolean;
  /** The longest system prompt that it is given as an agent. */
  readonly persona?: string;
}

export interface ChosenReaders {
  readonly readers: readonly Reader[];
  /** Names of agents and student that cannot be looked into here. */
  readonly unchecked: readonly string[];
  /** Whether an agent is among those. */
  readonly otherAgents: boolean;
}

type Known = Pick<Reader, 'model' | 'style' | 'tokenizer' | 'context'>;

/** Files of the app's own address, in storage, or served beside the page: nothing elsewhere is contacted for a look. */
function isHere({ place }: ModelRef, base: string): boolean {
  return place.type === 'stored' || new URL(place.url, base).origin === new URL(base).origin;
}

async function readModel(ref: ModelRef, base: string): Promise<Known | null> {
  if (!isHere(ref, base)) return null;
  const source = openModelSource(ref);
  const config = await readModelConfig(source);
  const tokenizer = await loadTokenizer(source, { eosIds: config.eosIds });
  return {
    model: ref.id,
    style: promptStyle(ref),
    tokenizer,
    context: Math.min(config.maxPosition, defaultMaxContext),
  };
}

/** The longest of the system prompts of some agents. */
function longestPersona({ personas, nAgents }: RunConfig, agents: readonly number[]): string | undefined {
  const systems = agents.flatMap((agent) => personaOf(personas, nAgents, agent)?.system ?? []);
  return systems.sort((a, b) => b.length - a.length)[0];
}

/** Reads each model once, as long as this lives. */
export class Readers {
  readonly #known = new Map<string, Promise<Known | null>>();

  /** Of a config's agents and student; those that cannot be read here (not downloaded, other libraries') are named. */
  async of(config: RunConfig, base: string): Promise<ChosenReaders> {
    const { models, specs, bases, student } = resolveModels(config, await fetchCatalogue(base), base);
    /** The model of each agent; null for those of other libraries and servers. */
    const spoken = Array.from({ length: config.nAgents }, (_, agent) => {
      const spec = specs[agent % specs.length];
      if (spec?.runtime === 'engine') return specId(spec);
      return spec ? (bases.get(specId(spec))?.id ?? null) : null;
    });
    const readers: Reader[] = [];
    const unchecked = specs.flatMap((spec) =>
      spec.runtime === 'engine' || spec.runtime === 'adapter' ? [] : [specLabel(specId(spec))],
    );
    let otherAgents = unchecked.length > 0;
    for (const ref of models) {
      const agents = spoken.flatMap((id, agent) => (id === ref.id ? [agent] : []));
      const found = await this.#read(ref, base);
      if (found) {
        const persona = longestPersona(config, agents);
        const roles = { agent: agents.length > 0, student: ref.id === student.id };
        readers.push({ ...found, ...roles, ...(persona && { persona }) });
      } else {
        unchecked.push(specLabel(ref.id));
        otherAgents ||= agents.length > 0;
      }
    }
    return { readers, unchecked: [...new Set(unchecked)], otherAgents };
  }

  #read(ref: ModelRef, base: string): Promise<Known | null> {
    const known = this.#known.get(ref.id) ?? readModel(ref, base);
    this.#known.set(ref.id, known);
    known.then(
      (found) => found ?? this.#known.delete(ref.id),
      () => this.#known.delete(ref.id),
    );
    // Errors of a model are reported when it is loaded.
    return known.catch(() => null);
  }
}
