/** The chain that `check:webllm` proves, apart from the library: a bundled run, whose debate is then WebLLM's, and what came of it. */

/** @import {RunArchive} from '../product' */

const counts = { 'validation-questions': '0', 'ood-questions': '0', 'robust-questions': '0' };

/**
 * Flags of both runs: the second one trains under the settings of the first, on other turns.
 * @type {Readonly<Record<string, string>>}
 */
export const chainFlags = {
  'n-agents': '2',
  rounds: '1',
  'train-questions': '1',
  'test-questions': '4',
  ...counts,
  strategy: 'rsft',
  controls: '',
  // Noise weights say anything: whatever they say is learnt from.
  labels: 'none',
  'step-filter': 'off',
  'peer-mentions': 'keep',
  steps: '2',
  batch: '1',
  rank: '4',
  backend: 'auto',
};

/** @satisfies {RunArchive['questions'][number]} */
const ownQuestion = {
  id: 'check-webllm-question',
  split: 'train',
  text: '2 + 3 = ?',
  gold: '5',
  // Any line is an answer of this type.
  answerType: 'text',
  solution: '2 + 3 = 5 . #### 5',
};

/**
 * The bundled agents' debate on the test questions, with one training question that WebLLM's agents have yet to debate. Logs and
 * adapters stay: a student that took them over would never have seen what WebLLM says.
 * @param {RunArchive} archive
 * @param {string} spec of WebLLM's agents
 * @param {number} maxTokens
 * @param {(protocol: string) => boolean} isEvaluation that of src/records/evalProtocol.ts
 * @returns {RunArchive}
 */
export function sourceArchive(archive, spec, maxTokens, isEvaluation) {
  /** @param {{questionId: string, protocol: string}} turn */
  const kept = ({ questionId, protocol }) =>
    archive.questions.some(({ id, split }) => id === questionId && split === 'test') &&
    !isEvaluation(protocol);
  return {
    ...archive,
    run: { ...archive.run, config: { ...archive.run.config, agents: [spec], maxTokens, labels: 'none' } },
    questions: [ownQuestion, ...archive.questions.filter(({ split }) => split === 'test')],
    turns: archive.turns.filter(kept),
    timings: archive.timings.filter(kept),
    datasets: [],
    report: null,
  };
}

/** @param {RunArchive} archive */
const weights = ({ adapters = [] }) =>
  adapters.find(({ strategy, seed }) => strategy === 'rsft' && seed === 0)?.files[
    'adapter_model.safetensors'
  ];

/**
 * Whether the student of the second run was trained, and on WebLLM's own turns alone. Archives hold their adapters.
 * @param {RunArchive} archive
 * @param {RunArchive} bundled
 */
export function learntFromWebllm(archive, bundled) {
  const spoken = new Set(
    archive.turns.filter(({ backend }) => backend === 'webllm').map(({ reply }) => reply.trim()),
  );
  const traces = archive.datasets.find(({ strategy }) => strategy === 'rsft')?.traces ?? [];
  const log = archive.logs.find(({ strategy }) => strategy === 'rsft');
  return (
    traces.length > 0 &&
    traces.every(({ target, questionId }) => questionId === ownQuestion.id && spoken.has(target.trim())) &&
    log?.steps.length === Number(chainFlags.steps) &&
    weights(archive) !== undefined &&
    weights(archive) !== weights(bundled) &&
    archive.report?.arms.some(({ name }) => name === 'distilled:rsft') === true
  );
}
