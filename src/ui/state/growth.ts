/** Which view a phase belongs to, and how a run's view grows by events. */
import type { JobEvent } from '../../wire/jobEvents';
import type { Phase } from '../../records/records';
import type { RunView } from './runView.svelte';
import type { Step } from './sessionParts';

/** The view that shows a phase. */
export function stepOf(phase: Phase): Step {
  switch (phase) {
    case 'load':
    case 'debate':
      return 'debate';
    case 'distil':
      return 'distil';
    case 'evaluate':
    case 'report':
    case 'done':
      return 'compare';
    default:
      return phase satisfies never;
  }
}

/** Events that a view of a run grows by. */
export type DataEvent = Extract<
  JobEvent,
  { type: 'questions' | 'text' | 'turn' | 'dataset' | 'train' | 'probe' | 'pad' | 'report' }
>;

export function grow(view: RunView, event: DataEvent): void {
  switch (event.type) {
    case 'questions':
      return view.addQuestions(event.questions);
    case 'text':
      return view.addText(event.questionId, event.round, event.agent, event.text);
    case 'turn':
      return view.addTurn(event.turn);
    case 'dataset':
      return view.addDataset(event.dataset);
    case 'train':
      return view.addStep(event.strategy, event.seed, event.log);
    case 'probe':
      return view.addProbe(event.strategy, event.seed, event.probe);
    case 'pad':
      view.pad = event.pad;
      return;
    case 'report':
      view.report = event.report;
      return;
    default:
      event satisfies never;
  }
}
