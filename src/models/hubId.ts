/** How a model of the Hugging Face hub is named in settings: `hf:OWNER/NAME[/FILE.gguf][@REVISION]`. */
import { ConfigError } from '../core/errors';

export interface HubId {
  /** OWNER/NAME. */
  readonly repo: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** One .gguf file of the repository, or null for its safetensors. */
  readonly file: string | null;
}

const form = /^hf:([\w.-]+\/[\w.-]+)(\/[^@]+\.gguf)?(?:@([\w./-]+))?$/i;

/** Throws ConfigError. */
export function parseHubId(spec: string): HubId {
  const [, repo, file, revision = 'main'] = form.exec(spec) ?? [];
  if (repo === undefined || repo.split('/').some((part) => /^\.+$/.test(part)) || file?.includes('..')) {
    throw new ConfigError(
      `"${spec}" is not the name of a model on the hub.`,
      'Write hf:OWNER/NAME, as in hf:HuggingFaceTB/SmolLM2-135M-Instruct; a .gguf file or @REVISION may follow.',
    );
  }
  return { repo, revision, file: file?.slice(1) ?? null };
}

/** The one way to write an id. */
export function hubSpec({ repo, revision, file }: HubId): string {
  return `hf:${repo}${file === null ? '' : `/${file}`}${revision === 'main' ? '' : `@${revision}`}`;
}
