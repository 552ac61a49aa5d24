/** Types that the scripts share. What a generic function's callback takes must stand in a .ts file: from JSDoc it is inferred as any. */

/** Writes a line for the user. */
export type Log = (line: string) => void;

/** Imports a source through Vite, by its path from the root: "/src/lm/commands.ts". */
export type Load = (path: string) => Promise<unknown>;

/** Addresses in a page that a command opened. */
export interface Urls {
  readonly app: string;
  /** Of each mount. */
  readonly files: readonly string[];
  readonly out: string;
}

export interface FirefoxFacts {
  readonly version: string;
  /** Folder of the files that the page saves. */
  readonly downloads: string;
}
