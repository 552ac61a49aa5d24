/** Digests of what is stored, kept beside it: disks, and people with a debugger, change bytes without a word. */
import { createSHA256, type IHasher } from 'hash-wasm';

/** A stored part that is not as it was written, and is left out. */
export interface Damage {
  readonly part: 'turn' | 'dataset' | 'log' | 'report' | 'checkpoint' | 'adapter';
  /** Which one, as a person would say it. */
  readonly name: string;
  /** Of a training's parts: which distillation seed. */
  readonly seed?: number;
}

/** Hears of each damaged part. */
export type OnDamage = (damage: Damage) => void;

let hasher: Promise<IHasher> | null = null;

/** SHA-256 as hex: of bytes, or of a value's JSON. Ready at once, so that it can be used between two steps of a transaction. */
export async function digester(): Promise<(value: unknown) => string> {
  const sha256 = await (hasher ??= createSHA256());
  return (value) => {
    sha256.init();
    sha256.update(value instanceof Uint8Array ? value : JSON.stringify(value));
    return sha256.digest('hex');
  };
}

/** Digests of files by name. */
export async function fileDigests(
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Readonly<Record<string, string>>> {
  const digest = await digester();
  return Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, digest(bytes)]));
}
