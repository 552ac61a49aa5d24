/**
 * Types of the product that the scripts name. They stand here once because the JSDoc of a .mjs file is not rewritten by an
 * editor that moves a source.
 */
export type { ErrorData } from '../../src/core/errors';
export type { JobEvent } from '../../src/wire/jobEvents';
export type { RunArchive } from '../../src/records/runRecords';
export type { PadReport } from '../../src/records/padRecords';
export type ArmGrammar = typeof import('../../src/eval/arm');
export type EvalProtocol = typeof import('../../src/records/evalProtocol');
export type Statistics = typeof import('../../src/eval/statistics');
export type JobWords = typeof import('../../src/ui/strings/job');
export type { Report, Turn } from '../../src/records/records';
export type { DeviceBench } from '../../src/wire/deviceBench';
export type { SelftestReport } from '../../src/compute/selftestReport';
export type { Automation, DistilRequest, Outcome } from '../../src/commands/automation';
export type { SelftestRequest } from '../../src/commands/toolProtocol';
export type { ToolRequest } from '../../src/commands/tools';
export type { DatasetCounts } from '../../src/exports/dataset';
export type { PageTools } from '../../src/commands/toolsPage';
export type { WebllmCheckRequest } from '../../src/commands/webllmCheck';
