/** What each runtime says about its names: how they are read and written, and what follows from them. */

/** Who keeps a model's files: nobody (they are read where they are), the app's own storage, or the runtime's library. */
export type Keeper = 'none' | 'storage' | 'library';

/** The names of one runtime. A name is written as here; settings, links and stored runs hold it as the user wrote it. */
export interface Grammar<S> {
  /** What every name of the runtime begins with; empty for our own engine's. */
  readonly prefix: string;
  /** `rest` follows the prefix; `text` is the whole name, for errors. Throws ConfigError. */
  parse(rest: string, text: string): S;
  /** The one way to write what follows the prefix. */
  write(spec: S): string;
  /** What lists call it. */
  label(spec: S): string;
  /** Addresses that a run with it makes the app contact; relative ones are under the app's own. */
  contacts(spec: S): readonly string[];
  keeper(spec: S): Keeper;
}
