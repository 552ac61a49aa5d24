/**
 * SmolLM2-135M on easy problems, split by template: `npm run prove -- --only specialists`. Three LoRA adapters are each taught one
 * kind of problem, debate as agents, and the model is taught by their debate. Bounds and design are in hypotheses.mjs.
 */
import { loadavg } from 'node:os';
import { templateSets } from './easyProblems.mjs';
import { kinds, templates } from './easyTemplates.mjs';
import { missesOf, specialistBounds, specialists as design } from './hypotheses.mjs';
import { turnsOf } from './pad.mjs';
import { seedTools } from './seeds.mjs';

/** @import {Report, Turn} from '../lib/product' */
/** @import {TemplateRow} from './easyProblems.mjs' */
/** @import {Kind, Template} from './easyTemplates.mjs' */
/** @import {Demonstration, Run, Tools} from './pad.mjs' */

/** Name of the evaluation set whose templates nobody is taught. */
const heldOut = 'held-out';
const { sizes } = design;

/** @param {Kind} kind @returns {(template: Template) => boolean} */
const taught = (kind) => (template) => !template.heldOut && template.kind === kind;

/** What the specialists are taught, and for each seed what is debated for the student and both tests; all apart. */
function drawSets() {
  const known = (/** @type {Template} */ template) => !template.heldOut;
  /** @type {Record<string, {count: number, of: (template: Template) => boolean}>} */
  const wanted = Object.fromEntries(kinds.map((kind) => [kind, { count: sizes.each, of: taught(kind) }]));
  for (const seed of design.seeds) {
    wanted[`test-${seed}`] = { count: sizes.test, of: known };
    wanted[`${heldOut}-${seed}`] = { count: sizes.heldOut, of: (template) => template.heldOut };
    // Some to spare: the program itself leaves out near duplicates.
    wanted[`train-${seed}`] = { count: 2 * sizes.train, of: known };
  }
  const sets = templateSets(wanted, design.drawSeed);
  return (/** @type {string} */ name) => sets[name] ?? [];
}

/**
 * What training and test questions of a seed share: it must be nothing but the templates of the test on taught ones.
 * @param {ReturnType<typeof drawSets>} sets
 * @param {number} seed
 */
function leaks(sets, seed) {
  const learnt = [...kinds, `train-${seed}`].flatMap(sets);
  const asked = [`test-${seed}`, `${heldOut}-${seed}`].flatMap(sets);
  /** @param {readonly TemplateRow[]} rows @param {(row: TemplateRow) => string} key */
  const shared = (rows, key) => {
    const known = new Set(learnt.map(key));
    return rows.filter((row) => known.has(key(row))).length;
  };
  return {
    texts: shared(asked, ({ question }) => question),
    numbersInOneTemplate: shared(asked, ({ template, numbers }) => `${template} ${numbers}`),
    heldOutTemplates: shared(sets(`${heldOut}-${seed}`), ({ template }) => template),
  };
}

const kindOf = new Map(templates.map(({ name, kind }) => [name, kind]));

/** @param {readonly {correct: boolean}[]} list */
const share = (list) => list.filter(({ correct }) => correct).length / list.length;

/**
 * @param {Pick<Tools, 'distil' | 'meanInterval' | 'rowsFile' | 'fetchSmolLm2' | 'smollm2'>} tools
 * @returns {Record<string, Demonstration>}
 */
export function specialistDemonstrations({ distil, meanInterval, rowsFile, fetchSmolLm2, smollm2 }) {
  const { overSeeds, run } = seedTools({ distil, meanInterval });
  const training = `--steps ${sizes.steps} --batch ${sizes.batch} --lr 1e-3 --warmup 2 --rank 16`;
  const quiet = '--validation-questions 0 --self-check false --backend cpu';
  const sets = drawSets();
  /** @param {string} name */
  const file = (name) => rowsFile(`specialists-${name}`, sets(name));
  /** @param {Run} trained */
  const agent = (trained) => `adapter:${trained.out}/gold-sft?base=${smollm2}`;

  /** Learns a file's worked solutions alone; the agent and the one test question are for show. @param {string} name @param {string} path @param {number} count */
  const worked = (name, path, count) =>
    run(
      `specialist-${name}`,
      `--agents agent-a --n-agents 1 --protocol self-consistency --temperature 0 --max-tokens 1 --student ${smollm2} ` +
        `--train-file ${path} --test-file ${file('test-0')} --train-questions ${count} --test-questions 1 ` +
        `--near-duplicates keep --strategy=, --controls gold-sft ${training} --seed 0 ${quiet}`,
    );

  /** The specialists, one adapter for each kind, and one for all that they are taught. */
  function teach() {
    const union = rowsFile('specialists-union', kinds.flatMap(sets));
    return {
      experts: kinds.map((kind) => worked(kind, file(kind), sizes.each)),
      union: worked('union', union, kinds.length * sizes.each),
    };
  }

  /** @param {ReturnType<typeof teach>} taughtRuns @param {number} seed */
  function oneSeed({ experts, union }, seed) {
    const asked =
      `--train-file ${file(`train-${seed}`)} --test-file ${file(`test-${seed}`)} --eval ${heldOut}=${file(`${heldOut}-${seed}`)} ` +
      `--test-questions ${sizes.test} --eval-questions ${sizes.heldOut} --max-tokens 256`;
    const debate = run(
      `specialists-${seed}`,
      `--agents ${experts.map(agent).join(',')} --n-agents 3 --rounds 1 --temperature 0.7 --student ${smollm2} ${asked} ` +
        `--train-questions ${sizes.train} --strategy rsft --controls self-consistency ${training} --seed ${seed} ${quiet}`,
    );
    // The union as an agent, greedy, on the same questions; the bundled student beside it is for show.
    const alone = run(
      `specialists-union-${seed}`,
      `--agents ${agent(union)} --n-agents 1 --protocol self-consistency --temperature 0 ${asked} --train-questions 0 ` +
        `--strategy=, --controls=, --seed ${seed} ${quiet}`,
    );
    return { seed, debate, alone };
  }

  /** Each specialist's greedy answers on a set, by whether the question's template is of its kind. @param {ReturnType<typeof oneSeed>} one @param {'test' | 'held-out'} set */
  function expertise({ seed, debate }, set) {
    const templateOf = new Map(sets(`${set}-${seed}`).map(({ question, template }) => [question, template]));
    const turns = turnsOf(debate.out).filter(
      ({ protocol, split }) => protocol === 'single-greedy' && split === set,
    );
    return kinds.map((kind, agent) => {
      const own = turns.filter((turn) => turn.agent === agent);
      /** @param {Turn} turn */
      const isOwn = ({ messages }) => {
        const [text = ''] = (messages.at(-1)?.content ?? '').split('\n\n');
        return kindOf.get(templateOf.get(text) ?? '') === kind;
      };
      return {
        kind,
        n: own.length,
        accuracy: share(own),
        ownKind: share(own.filter(isOwn)),
        otherKinds: share(own.filter((turn) => !isOwn(turn))),
      };
    });
  }

  /** Accuracy by arm on a set, of 1. @param {ReturnType<typeof oneSeed>} one @param {'test' | 'held-out'} set @returns {Record<string, number>} */
  function accuracies(one, set) {
    /** @param {Report} report */
    const arms = (report) =>
      (set === 'test' ? report : report.evalSets?.find(({ name }) => name === set))?.arms ?? [];
    const experts = expertise(one, set);
    const union = arms(one.alone.report).find(({ name }) => name === 'single-greedy');
    return {
      ...Object.fromEntries(arms(one.debate.report).map(({ name, accuracy }) => [name, accuracy])),
      ...Object.fromEntries(experts.map(({ kind, accuracy }) => [`specialist:${kind}`, accuracy])),
      // Chosen on these very questions: in its favour.
      'best-specialist': Math.max(...experts.map(({ accuracy }) => accuracy)),
      union: union?.accuracy ?? NaN,
    };
  }

  /** @param {readonly ReturnType<typeof oneSeed>[]} all @param {'test' | 'held-out'} set */
  function measured(all, set) {
    const bySeed = all.map((one) => accuracies(one, set));
    /** In percent. @param {string} arm */
    const level = (arm) => overSeeds(bySeed.map((arms) => 100 * (arms[arm] ?? NaN)));
    /** In points. @param {string} a @param {string} b */
    const contrast = (a, b) => overSeeds(bySeed.map((arms) => 100 * ((arms[a] ?? NaN) - (arms[b] ?? NaN))));
    const names = Object.keys(bySeed[0] ?? {}).filter(
      (name) => name !== 'single' && name !== 'single-greedy',
    );
    return { accuracy: Object.fromEntries(names.map((name) => [name, level(name)])), contrast };
  }

  return {
    specialists: () => {
      fetchSmolLm2();
      const agents = teach();
      const all = design.seeds.map((seed) => oneSeed(agents, seed));
      const test = measured(all, 'test');
      const held = measured(all, heldOut);
      const student = 'distilled:rsft';
      const [control, vote] = ['control:self-consistency', 'vote-equal-total-tokens'];
      const result = {
        leaks: all.map(({ seed }) => leaks(sets, seed)),
        accuracy: test.accuracy,
        heldOut: held.accuracy,
        ownOverOtherKinds: overSeeds(
          all.map((one) => {
            const experts = expertise(one, 'test');
            const gaps = experts.map(({ ownKind, otherKinds }) => ownKind - otherKinds);
            return (100 * gaps.reduce((sum, gap) => sum + gap, 0)) / gaps.length;
          }),
        ),
        debateOverVote: test.contrast('debate', vote),
        debateOverFirstVote: test.contrast('debate', 'vote:3'),
        debateOverBest: test.contrast('debate', 'best-specialist'),
        studentOverBase: test.contrast(student, 'base'),
        studentOverBest: test.contrast(student, 'best-specialist'),
        studentOverControl: test.contrast(student, control),
        studentOverUnion: test.contrast(student, 'union'),
        heldOutStudentOverBase: held.contrast(student, 'base'),
        heldOutStudentOverControl: held.contrast(student, control),
        heldOutStudentOverUnion: held.contrast(student, 'union'),
        heldOutDebateOverFirstVote: held.contrast('debate', 'vote:3'),
      };
      const runs = [...agents.experts, agents.union, ...all.flatMap(({ debate, alone }) => [debate, alone])];
      return {
        result: {
          ...result,
          sizes,
          seeds: all.map((one) => seedOf(one)),
          environment: all[0]?.debate.report.environment,
          load: loadavg(),
          runs: runs.map(({ command, seconds, report }) => ({
            command,
            seconds,
            seed: report.seed,
            timings: report.timings,
          })),
        },
        misses: missesOf(specialistBounds(result)),
      };
    },
  };

  /** What stays of a seed beside its accuracies. @param {ReturnType<typeof oneSeed>} one */
  function seedOf(one) {
    const { debate, alone, seed } = one;
    const templateOf = new Map(sets(`test-${seed}`).map(({ question, template }) => [question, template]));
    const byUnion = new Map(
      alone.report.items.map(({ id, verdicts }) => [id, verdicts['single-greedy']?.correct ?? false]),
    );
    const { arms, pairs, evalSets, overlap, datasets, data } = debate.report;
    return {
      seed,
      experts: { test: expertise(one, 'test'), [heldOut]: expertise(one, heldOut) },
      arms,
      pairs: pairs.filter(({ a }) => a === 'distilled:rsft' || a === 'debate'),
      evalSets,
      overlap,
      kept: Object.fromEntries(
        Object.entries(datasets).map(([name, { kept, dropped }]) => [name, { kept, dropped }]),
      ),
      data,
      items: debate.report.items.map(({ id, question, answer, verdicts }) => ({
        template: templateOf.get(question),
        question,
        answer,
        right: [
          ...Object.entries(verdicts).flatMap(([arm, { correct }]) => (correct ? [arm] : [])),
          ...(byUnion.get(id) ? ['union'] : []),
        ],
      })),
    };
  }
}
