/** Where each step of the tour points, and what it brings on screen first. */
import { changeOf } from '../state/debateIndex';
import type { Screen } from '../state/screen.svelte';
import type { Step } from '../state/sessionParts';
import type { GuideStepId } from '../strings/guide';

interface Stop {
  readonly step: Step | null;
  /** First that is on the page. */
  readonly targets: readonly string[];
}

const stops: Readonly<Record<GuideStepId, Stop>> = {
  result: { step: null, targets: ['[data-guide=headline]', '.headline'] },
  alone: { step: 'debate', targets: ['[data-guide=round-0]', '#panel-debate'] },
  reading: { step: 'debate', targets: ['[data-guide=round-1]', '#panel-debate'] },
  filters: { step: 'debate', targets: ['[data-guide=filters]', '#panel-debate'] },
  data: { step: 'distil', targets: ['[data-guide=data]', '#panel-distil'] },
  training: { step: 'distil', targets: ['[data-guide=loss]', '#panel-distil'] },
  table: { step: 'compare', targets: ['[data-guide=arms]', '#panel-compare'] },
  cost: { step: 'compare', targets: ['[data-guide=plot]', '#panel-compare'] },
  yours: { step: null, targets: ['[data-guide=transport]', '.transport'] },
};

/** A test question whose vote turned from wrong to right by reading: the debate at its best. */
function tellingQuestion(screen: Screen): string | null {
  const { view } = screen;
  if (!view) return null;
  const flipped = view.questionIds('flipped', 'test');
  const turned = flipped.find((id) => {
    const { rounds } = view.summary(id);
    return rounds.at(0)?.majorityCorrect === false && rounds.at(-1)?.majorityCorrect === true;
  });
  const convinced = flipped.find((id) => {
    const { rounds } = view.summary(id);
    const last = rounds.length - 1;
    const changes = (rounds[last]?.turns ?? []).flatMap((_, agent) => changeOf(rounds, last, agent) ?? []);
    return (
      rounds[0]?.majorityCorrect === false &&
      rounds[last]?.majorityCorrect === true &&
      changes.length > 0 &&
      changes.every(({ to, peers }) => peers.length > 0 && to === rounds[last]?.majority)
    );
  });
  return convinced ?? turned ?? flipped[0] ?? null;
}

/** Shows the recorded run and the part of it that the step is about. */
export function prepare(screen: Screen, id: GuideStepId): void {
  if (screen.recorded && screen.view !== screen.recorded) screen.show(screen.recorded);
  const { step } = stops[id];
  if (step !== null && screen.step !== step) screen.chooseStep(step);
  if (step === 'debate') {
    const question = tellingQuestion(screen);
    if (question !== null && screen.selected !== question) screen.selected = question;
  }
}

export function targetOf(id: GuideStepId): Element | null {
  for (const selector of stops[id].targets) {
    const found = document.querySelector(selector);
    if (found) return found;
  }
  return null;
}
