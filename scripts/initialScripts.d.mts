export function initialScripts(root: string): { files: string[]; gzipBytes: number };
