/** Whether a run has the same bytes as the recorded one: turns, datasets and adapters. */
import type { JobApi } from '../../wire/jobApi';
import type { RunArchive } from '../../records/runRecords';
import type { Turn } from '../../records/records';

const placeOf = ({ protocol, questionId, round, agent }: Turn): string =>
  `${protocol}|${questionId}|${round}|${agent}`;

/** The recording keeps fewer turns, and no token ids or clock values; what it keeps is compared. */
export function saidTheSame(run: RunArchive, recorded: RunArchive): boolean {
  if (recorded.turns.length === 0 || run.run.config.seed !== recorded.run.config.seed) return false;
  const turns = new Map(run.turns.map((turn) => [placeOf(turn), turn]));
  const same = recorded.turns.every((turn) => {
    const own = turns.get(placeOf(turn));
    return own?.reply === turn.reply && own.answer === turn.answer && own.correct === turn.correct;
  });
  const losses = ({ logs }: RunArchive): string =>
    JSON.stringify(
      logs
        .map(({ strategy, seed, steps }) => [
          `${strategy}|${seed}`,
          steps.map(({ step, loss }) => [step, loss]),
        ])
        .sort(),
    );
  return same && losses(run) === losses(recorded);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && b.every((byte, at) => a[at] === byte);
}

/** The weights of every adapter that ships with the recording, beside those that this run trained. */
export async function learntTheSame(api: JobApi, runId: string, recordedId: string): Promise<boolean> {
  const shipped = (await api.playground.adapters()).filter(
    ({ origin, runId: of }) => origin === 'recorded' && of === recordedId,
  );
  for (const { strategy, seed } of shipped) {
    const [own, theirs] = [
      await api.runs.adapter({ runId, strategy, seed }),
      await api.runs.adapter({ runId: recordedId, strategy, seed }),
    ];
    const weights = Object.keys(theirs).filter((name) => name.endsWith('.safetensors'));
    if (!weights.every((name) => sameBytes(own[name], theirs[name] ?? new Uint8Array()))) return false;
  }
  return true;
}
