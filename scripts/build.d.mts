/** Builds unless dist/ is newer than every input. Returns the path of dist/. */
export function ensureBuild(options?: { force?: boolean; log?: (line: string) => void }): string;
