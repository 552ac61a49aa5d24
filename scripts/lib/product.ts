/**
 * Types of the product that the scripts name. They stand here once because the JSDoc of a .mjs file is not rewritten by an
 * editor that moves a source.
 */
export type { ErrorData } from '../../src/core/errors';
export type { JobEvent, RunArchive } from '../../src/core/jobApi';
export type { PadReport } from '../../src/core/padRecords';
export type { Report, Turn } from '../../src/core/records';
export type { SelftestReport } from '../../src/core/selftest';
export type { Automation, DistilRequest, Outcome } from '../../src/run/automation';
export type { SelftestRequest } from '../../src/run/toolProtocol';
export type { ToolRequest } from '../../src/run/tools';
export type { PageTools } from '../../src/run/toolsPage';
export type { WebllmCheckRequest } from '../../src/run/webllmCheck';
