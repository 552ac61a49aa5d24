/**
 * Every word that the page shows: here and in strings/, one file an area. Jobs and workers send facts; the words of an error are
 * the error's own, and what report.md says in the same words stands in eval/.
 */
import { formatCount, formatPercent, formatPlural } from './format';
import { controlNames, strategyHelp, strategyNames } from './strings/arms';
import { compareStrings } from './strings/compare';
import { debateStrings } from './strings/debate';
import { distilStrings } from './strings/distil';
import { errorStrings } from './strings/errors';
import { importingStrings } from './strings/importing';

export const strings = {
  app: {
    name: 'Arklet',
    tagline: 'Many models debate. One small model learns.',
    skip: 'Skip to the content',
    recorded: 'Recorded run',
    stored: 'Stored run',
    live: 'Running now',
    recordedNote: 'A run recorded earlier with the bundled models. Nothing runs until you press Run.',
    loading: 'Reading the recorded run …',
    noRecorded: 'No recorded run came with this build. Press Run to make one on the bundled models.',
    emptyTitle: 'Nothing to show yet',
    backToRecorded: 'Show the recorded run',
    reproduced: (seed: number): string =>
      `Your machine reproduced the recorded run byte for byte (seed ${seed}).`,
    runWithSeed: (seed: number): string => `Run with seed ${seed}`,
    watchLive: 'Watch the run in progress',
    runs: 'Runs',
    settings: 'Settings',
    theme: 'Theme',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    stage: 'Presentation mode',
    stageHint: 'Large type for a talk',
    close: 'Close',
    dismiss: 'Dismiss',
    all: 'All',
    none: 'none',
    showTable: 'Show as a table',
    title: (percent: number, phase: string): string => `${percent} % ${phase} · Arklet`,
    privacy: 'Nothing leaves this machine.',
    contacts: (hosts: readonly string[]): string =>
      `A run with the chosen models contacts ${hosts.join(', ')}.`,
  },

  transport: {
    label: 'Run controls',
    run: 'Run on the bundled models',
    runOwn: 'Run with the chosen models',
    runQuestions: (name: string): string => `Run on ${name}`,
    runShort: 'Run',
    pause: 'Pause',
    unpause: 'Resume',
    step: 'Step',
    stop: 'Stop',
    starting: 'Starting',
    resumeRun: (name: string): string => `Resume ${name}`,
    offer: (name: string, phase: string, reason: string): string =>
      [`The run ${name} was interrupted during ${phase}.`, reason, 'Everything so far is saved.']
        .filter((part) => part !== '')
        .join(' '),
    offerImported: (name: string): string =>
      `The debate of ${name} is imported. Resume it to train a student on it and to compare the two.`,
    discard: 'Not now',
    phases: {
      load: 'Load',
      debate: 'Debate',
      distil: 'Distil',
      evaluate: 'Evaluate',
      report: 'Report',
      done: 'Done',
    },
    loads: { download: 'Download', compile: 'Compile', 'warm up': 'Warm up', ready: 'Ready' },
    statuses: {
      running: 'running',
      paused: 'paused',
      interrupted: 'interrupted',
      failed: 'failed',
      done: 'done',
    },
    finished: 'Finished. It is saved under Runs.',
    timeLeft: 'Time left',
    phaseOnly: 'this phase',
    takes: (time: string): string => `It will take about ${time}, by the last run here.`,
    took: (time: string): string => `It would take about ${time} on the machine of the recording.`,
    rate: 'Tokens/s',
    speed: (bytes: string): string => `${bytes}/s`,
    memory: 'Memory',
    promptsReused: 'Prompts reused',
    backend: 'Backend',
    of: (done: number, total: number): string => `${formatCount(done)} of ${formatCount(total)}`,
    progress: 'Progress of this phase',
    device: (device: string, reason: string): string => (reason === '' ? device : `${device}: ${reason}`),
    announce: (phase: string, status: string): string => `${phase}: ${status}`,
  },

  steps: {
    label: 'The three steps',
    debate: {
      title: 'Debate',
      what: 'Agents answer, read each other, answer again.',
      facts: (questions: number, agents: number): string =>
        `${formatPlural(questions, 'question', 'questions')} · ${formatPlural(agents, 'agent', 'agents')}`,
      change: (first: number, last: number, tested: boolean): string =>
        `Vote right ${formatPercent(first, 0)} → ${formatPercent(last, 0)} ${tested ? '(test questions)' : '(so far)'}`,
    },
    distil: {
      title: 'Distil',
      what: 'A small student learns from what they wrote.',
      facts: (kept: number, steps: number): string =>
        `${formatPlural(kept, 'trace', 'traces')} · ${formatPlural(steps, 'step', 'steps')}`,
      change: (first: string, last: string): string => `Loss ${first} → ${last}`,
    },
    compare: {
      title: 'Compare',
      what: 'Everyone takes the same unseen test.',
      facts: (questions: number, arms: number): string =>
        `${formatPlural(questions, 'test question', 'test questions')} · ${formatPlural(arms, 'arm', 'arms')}`,
      change: (first: number, last: number): string =>
        `Student ${formatPercent(first, 0)} → ${formatPercent(last, 0)}`,
    },
    waiting: 'Not reached yet',
  },

  headline: {
    more: 'Against the others',
    label: 'Result',
    base: 'Student before',
    distilled: 'Student after',
    single: 'One agent, greedy',
    vote: 'Their vote, greedy',
    ensemble: 'The ensemble',
    /** The student with the name of its training. */
    after: (training: string): string => `Student after ${training}`,
    of: (correct: number, n: number): string => `${formatCount(correct)} of ${formatCount(n)} right`,
    tokens: (tokens: number): string => `${formatCount(Math.round(tokens))} tokens a question`,
  },

  debate: debateStrings,
  distil: distilStrings,
  compare: compareStrings,
  strategies: strategyNames,
  strategyHelp,
  controls: controlNames,

  runs: {
    title: 'Runs',
    none: 'No run is stored on this machine yet. Press Run to make one.',
    open: 'Open',
    resume: 'Resume',
    delete: 'Delete',
    rename: 'Name',
    export: 'Export',
    exportTitle: (name: string): string => `Export ${name}`,
    trajectories: 'Trajectories (.jsonl)',
    datasets: 'Data sets',
    archive: 'Whole run with its adapters (.json.gz)',
    reportMd: 'Report (.md)',
    reportJson: 'Report (.json)',
    adapter: (strategy: string, seed: number): string => `Adapter ${strategy}, seed ${seed} (.zip)`,
    storage: (used: string, quota: string): string => `${used} of ${quota} used in this browser`,
    storageLabel: 'Storage',
    shown: 'shown',
  },

  settings: {
    title: 'Settings',
    intro: 'For the next run. They are part of the address, so a link carries them.',
    preset: 'Preset',
    presets: { quick: 'Quick', full: 'Full' },
    presetHelp: { quick: 'One strategy, one seed.', full: 'Every strategy and control, five seeds.' },
    custom: 'changed',
    reset: 'Back to the preset',
    share: 'Copy the link',
    shared: 'Copied',
    strategy: 'Strategies',
    controls: 'Controls',
    controlsHelp: 'Controls show what the debate itself adds.',
  },

  importing: importingStrings,

  errors: errorStrings,

  support: {
    noGpu: 'No WebGPU in this browser, so runs use the CPU backend. Everything works.',
    turnOn: 'How to turn WebGPU on',
    chromiumLinux:
      'Chrome or Chromium on Linux: open chrome://flags, set "Unsafe WebGPU Support" and "Vulkan" to Enabled, and restart the browser.',
    chromium:
      'Chrome or Edge: update to version 113 or newer, and switch on "Use graphics acceleration when available" under Settings, System.',
    firefox: 'Firefox: open about:config, set dom.webgpu.enabled to true, and restart the browser.',
    safari:
      'Safari: update to Safari 26 or newer; in older versions switch on Settings, Feature Flags, WebGPU.',
    other: 'Use a current Chrome, Edge, Firefox or Safari.',
    insecure: 'WebGPU needs https or localhost: open this page through one of them.',
  },
} as const;
