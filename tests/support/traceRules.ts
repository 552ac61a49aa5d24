import { presets } from '../../src/settings/config';
import type { TraceRules } from '../../src/distil/source';

const { labels, minAgreement, stepFilter, peerMentions, tracesPerQuestion } = presets.quick;

/** Preset quick's say in which traces are fit to learn from. */
export const traceRules: TraceRules = { labels, minAgreement, stepFilter, peerMentions, tracesPerQuestion };
