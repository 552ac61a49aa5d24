/** Types of server.mjs for tests. */
export interface StaticServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}
export function startServer(options: {
  root: string;
  mounts?: (string | { folder: string; name: string })[];
  out?: string;
  port?: number;
  base?: string;
  plain?: boolean;
  onRequest?: (path: string) => void;
  onViolation?: (report: string) => void;
}): Promise<StaticServer>;
