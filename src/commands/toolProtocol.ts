/** Calls of a command to the tools worker. */
import type { SelftestReport } from '../compute/selftestReport';
import type { DeviceBench, DeviceFigure } from '../wire/deviceBench';
import type { ToolProgress, ToolRequest, ToolResult } from './tools';

export interface SelftestRequest {
  readonly kernel: string | null;
  readonly break: string | null;
}

export interface ToolProtocol {
  readonly tool: {
    readonly request: ToolRequest & { readonly backend: 'webgpu' | 'cpu' };
    readonly progress: ToolProgress;
    readonly response: ToolResult;
  };
  readonly selftest: {
    readonly request: SelftestRequest;
    readonly progress: string;
    readonly response: SelftestReport;
  };
  readonly bench: {
    readonly request: { readonly backend: 'webgpu' | 'cpu' };
    readonly progress: DeviceFigure;
    readonly response: DeviceBench;
  };
}
