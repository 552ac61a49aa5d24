/** The primary contrast as it is frozen when a run is created. */
import { canonical } from '../core/canonical';
import { contrastOf, contrastText, type Contrast } from '../eval/primary';
import { sha256 } from '../models/hashes';
import type { PrimaryContrast } from '../records/records';
import type { RunConfig } from '../settings/config';

/** SHA-256 of the contrast and the settings, as text with sorted keys. */
export function contrastHash(contrast: Contrast, settings: RunConfig): Promise<string> {
  const text = canonical({ contrast: contrastText(contrast), settings });
  return sha256(new TextEncoder().encode(text));
}

/** Null where the settings compare nothing. Throws ConfigError where they name what is no arm of the run. */
export async function frozenPrimary(config: RunConfig): Promise<PrimaryContrast | null> {
  const contrast = contrastOf(config);
  return contrast && { ...contrast, hash: await contrastHash(contrast, config) };
}
