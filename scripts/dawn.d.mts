export function dawnPossible(): boolean;
export function dawnEnv(): Record<string, string>;
