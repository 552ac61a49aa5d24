/** An agent is known by shape, colour and name everywhere. Beyond eight, the shapes repeat and the names do not. */

export interface AgentLook {
  readonly name: string;
  /** SVG path in a 16 x 16 box. */
  readonly path: string;
  /** CSS colour, theme-aware. */
  readonly colour: string;
}

const names = ['Ada', 'Bo', 'Cy', 'Dee', 'Eli', 'Fay', 'Gus', 'Hal', 'Ivy', 'Jo'];

const shapes = [
  'M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 1 1 0-13z',
  'M2.5 2.5h11v11h-11z',
  'M8 1.5L15 14H1z',
  'M8 .8L15.2 8L8 15.2L.8 8z',
  'M5.5 1.5h5v4h4v5h-4v4h-5v-4h-4v-5h4z',
  'M8 1L15 6.2L12.4 14.5H3.6L1 6.2z',
  'M8 .8L9.9 5.6L15.2 6L11.1 9.4L12.4 14.6L8 11.7L3.6 14.6L4.9 9.4L.8 6L6.1 5.6z',
  'M4.4 1.8h7.2L15.2 8l-3.6 6.2H4.4L.8 8z',
];

export function agentLook(agent: number): AgentLook {
  const index = agent % shapes.length;
  const name = names[agent % names.length] ?? '';
  return {
    name: agent < names.length ? name : `${name} ${Math.floor(agent / names.length) + 1}`,
    path: shapes[index] ?? '',
    colour: `var(--agent-${index})`,
  };
}
