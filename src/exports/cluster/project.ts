/** What of a cluster project depends on the run: data, settings, test vectors of the answer rules, and its README. */
import { ExportError } from '../../core/errors';
import type { Question } from '../../records/records';
import { exportDataset } from '../dataset';
import type { DatasetFormat } from '../formats';
import { answeredQuestions, type ExportedRun } from '../source';
import { trlConfigs, yaml } from './configs';

const sets = ['trl-sft', 'messages', 'preference', 'prm', 'grpo'] as const satisfies readonly DatasetFormat[];
const mostVectors = 400;

/** Replies with Arklet's own verdicts on them, of training questions. */
function vectors(archive: ExportedRun): string {
  const { answered } = answeredQuestions(archive, 'train');
  const rows = answered.flatMap(({ question, turns }) => turns.map((turn) => ({ question, turn })));
  const every = Math.max(1, Math.floor(rows.length / mostVectors));
  return rows
    .filter((_, i) => i % every === 0)
    .slice(0, mostVectors)
    .map(({ question, turn }) => {
      const { gold, answerType }: Question = question;
      const { reply, correct } = turn;
      return `${JSON.stringify({ reply, solution: gold, type: answerType, correct })}\n`;
    })
    .join('');
}

/** Files by path, and why a data set is not among them. */
export interface ClusterProject {
  readonly files: ReadonlyMap<string, string>;
  readonly missing: readonly { readonly format: DatasetFormat; readonly reason: string }[];
}

/** Throws ExportError where the run has nothing to train on. */
export async function clusterProject(archive: ExportedRun): Promise<ClusterProject> {
  const files = new Map<string, string>();
  const missing: { format: DatasetFormat; reason: string }[] = [];
  for (const format of sets) {
    try {
      const made = await exportDataset(archive, format);
      for (const [path, text] of made.files) files.set(`data/${format}/${path}`, text);
    } catch (thrown) {
      if (!(thrown instanceof ExportError)) throw thrown;
      missing.push({ format, reason: thrown.message });
    }
  }
  if (files.size === 0)
    throw new ExportError(
      `${archive.run.name} has nothing to train on.`,
      missing[0]?.reason ?? 'Let its debate end first.',
    );
  const configs = trlConfigs(archive.run.config);
  for (const [name, values] of Object.entries(configs)) files.set(`configs/${name}.yaml`, yaml(values));
  const { sft } = configs;
  const settings = {
    lora: {
      r: sft['lora_r'],
      lora_alpha: sft['lora_alpha'],
      lora_dropout: 0,
      target_modules: sft['lora_target_modules'],
    },
    sft: {
      max_steps: sft['max_steps'],
      learning_rate: sft['learning_rate'],
      warmup_steps: sft['warmup_steps'],
      max_length: sft['max_length'],
      per_device_train_batch_size: sft['per_device_train_batch_size'],
      seed: sft['seed'],
    },
  };
  files.set('configs/settings.json', `${JSON.stringify(settings, null, 2)}\n`);
  files.set('vectors.jsonl', vectors(archive));
  files.set('README.md', readme(archive, missing));
  return { files, missing };
}

function readme({ run }: ExportedRun, missing: ClusterProject['missing']): string {
  return `# ${run.name}, on a cluster

Training data and settings of run ${run.id} of Arklet, for TRL on any number of machines. MODEL is the student's base (${run.config.student} in the run).

\`\`\`sh
pip install -r requirements.txt
python test_rewards.py                    # rewards.py gives Arklet's verdicts on replies of the run
bash run.sh sft MODEL                     # one machine: accelerate.yaml says how many GPUs
bash run.sh dpo MODEL
bash run.sh prm MODEL
bash run.sh grpo MODEL
sbatch slurm.sbatch sft MODEL             # Slurm
sky launch sky.yaml --env STEP=sft --env MODEL=MODEL
hf jobs uv run --flavor a100-large --timeout 6h --secrets HF_TOKEN jobs.py MODEL YOUR/DATASET
\`\`\`

\`run.sh\` hands further flags to the trainer; on a machine without a GPU: \`LAUNCH=python bash run.sh sft MODEL --use_cpu --bf16 false --max_steps 2\`.

The way back: serve the adapter, and let Arklet judge it as an agent on the same test questions.

\`\`\`sh
vllm serve MODEL --enable-lora --lora-modules distilled=$PWD/out-sft --max-lora-rank ${Math.max(16, run.config.rank)}
npm run distil -- --from RUN --agents endpoint:http://HOST:8000/v1#distilled
\`\`\`

Settings are the run's, in \`configs/\`. GRPO's are those of PAD: clip 0.2, KL weight ${run.config.pad.rl.klWeight}, ${run.config.pad.rl.samples} samples a question at temperature ${run.config.pad.rl.temperature}. What TRL does otherwise: it takes
the mean of all samples off a reward where Arklet leaves the sample itself out (a factor of ${run.config.pad.rl.samples} / ${run.config.pad.rl.samples - 1}), and the reward here is the verdict alone, without the process reward. The rates are
the run's own and were chosen for its student: a larger model wants a smaller one, such as 1e-4 for SFT and 1e-6 to 1e-5 for DPO and GRPO.
${missing.length === 0 ? '' : `\nMissing:\n\n${missing.map(({ format, reason }) => `- data/${format}: ${reason}`).join('\n')}\n`}`;
}
