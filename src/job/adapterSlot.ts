/** LoRA adapters as agents: their files, the model that they use, and what their turns are called. */
import { adapterAgent, type AdapterEngine } from '../agents/engine';
import { ConfigError, DownloadError } from '../core/errors';
import { sha256 } from '../models/hashes';
import { peftFiles } from '../train/adapterFiles';
import type { AdapterSpec } from '../specs/adapter';
import { readSpec, specId, specLabel } from '../specs/spec';
import type { RunConfig } from '../settings/config';
import type { AdapterPlace } from '../wire/runs';
import type { AgentSlot } from './agentPool';
import { promptStyle } from './job';
import type { ModelRef } from '../models/modelSpec';

type Files = Readonly<Record<string, Uint8Array>>;

/** A stored adapter, and the name of the model that it belongs to. Throws ConfigError where there is none. */
export type FindAdapter = (
  place: AdapterPlace,
) => Promise<{ readonly student: string; readonly files: Files }>;

export interface AdapterParts {
  readonly engine: AdapterEngine;
  /** The app's address, ending with a slash. */
  readonly base: string;
  readonly adapter: FindAdapter;
}

/** Of a PEFT folder at an address. */
async function fetched(address: string, base: string): Promise<Files> {
  const folder = new URL(address.endsWith('/') ? address : `${address}/`, base);
  const files: Record<string, Uint8Array> = {};
  for (const name of peftFiles) {
    const url = new URL(name, folder).href;
    const response = await fetch(url).catch(() => null);
    if (!response?.ok) {
      throw new DownloadError(
        `${url} could not be read (${response?.status ?? 'no answer'}).`,
        'Check the address: a PEFT folder holds adapter_config.json and adapter_model.safetensors.',
      );
    }
    files[name] = new Uint8Array(await response.arrayBuffer());
  }
  return files;
}

/** 16 digits of the SHA-256 of both files, so that the turns of two adapters are told apart whatever they are called. */
async function hashOf(files: Files): Promise<string> {
  const each = await Promise.all(peftFiles.map((name) => sha256(new Uint8Array(files[name] ?? []))));
  return (await sha256(new TextEncoder().encode(each.join('\n')))).slice(0, 16);
}

/** The slot of an adapter; several of one model share its weights. Throws ConfigError, DownloadError, StorageError. */
export async function adapterSlot(spec: AdapterSpec, ref: ModelRef, parts: AdapterParts): Promise<AgentSlot> {
  const files =
    spec.place === 'run' ? (await parts.adapter(spec)).files : await fetched(spec.address, parts.base);
  const hash = await hashOf(files);
  if (spec.hash !== null && spec.hash !== hash) {
    throw new ConfigError(
      `The files of ${specLabel(specId(spec))} have changed: their hash is ${hash}, not ${spec.hash}.`,
      'Name the adapter without a hash to use it as it is.',
    );
  }
  const style = promptStyle(ref);
  return {
    backend: adapterAgent(parts.engine, {
      model: ref.id,
      name: specId({ ...spec, hash }),
      files,
      shortens: style === 'natural',
    }),
    style,
  };
}

/** The config with the model of each stored adapter in its name. Throws ConfigError for adapters that are not there. */
export async function withBases(config: RunConfig, find: FindAdapter): Promise<RunConfig> {
  const whole = async (name: string): Promise<string> => {
    const spec = readSpec(name);
    if (spec?.runtime !== 'adapter' || spec.place !== 'run' || spec.base !== null) return name;
    return specId({ ...spec, base: (await find(spec)).student });
  };
  const agents = await Promise.all(config.agents.map(whole));
  const personas = await Promise.all(
    config.personas.map(async (persona) =>
      persona.model === undefined ? persona : { ...persona, model: await whole(persona.model) },
    ),
  );
  return { ...config, agents, personas };
}
