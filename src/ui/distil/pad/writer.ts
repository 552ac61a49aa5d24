export interface Writer {
  /** Index among the run's agents; null for the student, and for an id that is none of theirs. */
  readonly agent: number | null;
  /** The model's id. */
  readonly id: string;
}

/** Who wrote a trace: "ID#INDEX" of an agent; ids may contain "#" themselves. */
export function writerOf(by: string, agents: number): Writer {
  const [, id, index] = /^(.+)#(\d+)$/.exec(by) ?? [];
  if (id === undefined || Number(index) >= agents) return { agent: null, id: by };
  return { agent: Number(index), id };
}
