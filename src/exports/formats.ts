/** The formats that a run's debate leaves in: what each is for, and the schema of its rows. docs/exports.md describes them. */
import { agentArkRow, messagesRow, preferenceRow, promptRow, sampleRow, sftRow, stepwiseRow } from './rows';

export const datasetFormats = {
  'trl-sft': { row: sftRow, title: 'Prompt and completion', tools: 'TRL SFT' },
  messages: { row: messagesRow, title: 'Conversations', tools: 'MLX-LM, Axolotl, Unsloth' },
  preference: { row: preferenceRow, title: 'Right against wrong', tools: 'TRL DPO and reward models' },
  prm: { row: stepwiseRow, title: 'Steps with a verdict', tools: 'TRL PRM, Axolotl' },
  grpo: { row: promptRow, title: 'Prompts with the right answer', tools: 'TRL GRPO and RLOO' },
  agentark: { row: agentArkRow, title: 'Questions with all solutions', tools: 'AgentArk' },
  'lm-eval': { row: sampleRow, title: 'Answers to the test questions', tools: 'lm-eval sample logs' },
} as const;

export type DatasetFormat = keyof typeof datasetFormats;
export const datasetFormatNames = Object.keys(datasetFormats) as readonly DatasetFormat[];

export function isDatasetFormat(name: string): name is DatasetFormat {
  return Object.hasOwn(datasetFormats, name);
}
