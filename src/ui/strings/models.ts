/** Words of the model picker, downloads, storage and the memory plan. */
import type {
  DevicePreset,
  MemoryKind,
  MemoryPlan,
  PhaseMemory,
  Proposal,
  Verdict,
} from '../../models/memoryPlan';
import type { ModelProgress } from '../../models/modelRecords';
import type { CutAnswer } from '../../offline/messages';
import { formatBytes, formatCount } from '../format';

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`;

export const strings = {
  none: 'This page has no models worker.',
  noneHint: 'Open the app itself.',
  title: 'Models',
  agents: 'Agents',
  agentsHelp: (count: number): string =>
    `${count} agents debate; they take these models in turn. One model is enough: they differ by their sampling.`,
  student: 'Student',
  studentHelp:
    'Learns from the debate. Runs in our engine: Llama, Mistral, Qwen 2 to 3, Gemma 2 and 3, Phi-3 and 4-mini, SmolLM, Granite 3 or OLMo 2.',
  bundledName: 'Bundled models',
  change: 'Change',
  add: 'Add a model',
  close: 'Close',
  removeAgent: (name: string): string => `Remove ${name}`,
  use: 'Use',
  used: 'In use',

  sources: {
    here: 'On this device',
    hub: 'Hugging Face',
    webllm: 'WebLLM',
    files: 'Local files',
    endpoint: 'Server',
    students: 'Trained students',
  },
  studentsHelp: 'Adapters of stored runs and imported ones. Several on one model share its weights.',
  adapterOf: (strategy: string, run: string): string => `${strategy} of ${run}`,
  onModel: (model: string): string => `on ${model}`,
  search: 'Search by name',
  searching: 'Looking it up …',
  nothing: 'Nothing here yet.',
  noMatch: 'No model of this name.',
  hubLabel: 'Model on the hub',
  hubPlaceholder: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  hubHelp:
    'Words to search for, OWNER/NAME, OWNER/NAME/FILE.gguf, a revision after @, or the address of a folder. Looking it up downloads nothing.',
  look: 'Look up',
  examples: 'Small ones to begin with:',
  ownAddress:
    'A model at an address or in a cache of your own choice is fetched by its library’s own code: without pause, and without our check by hash.',
  onnxHelp: 'transformers:OWNER/NAME for ONNX weights, which Transformers.js runs.',
  webllmHelp:
    'Compiled models that WebLLM runs on the GPU: agents only. Sizes before a download are estimated from the parameters. What is not on this device is downloaded when a run starts.',
  filesHelp:
    'A folder as the hub has it (config.json, tokenizer.json, *.safetensors), one .gguf file with all its parts, or for agents an ONNX folder (config.json, onnx/) or an MLC folder with its compiled library (.wasm). It is copied into the browser’s storage, so that a run can resume after a reload. Nothing is sent anywhere.',
  pickFolder: 'Pick a folder',
  pickFile: 'Pick a .gguf file',
  pickLibrary: 'Pick its library (.wasm)',
  needsLibrary: (name: string): string =>
    `${name} is an MLC model: WebLLM needs the library that was compiled for it, too.`,
  endpointHelp:
    'Any server with OpenAI’s chat completions API: Ollama, llama.cpp, vLLM. Questions are sent to it, and only to it.',
  endpointUrl: 'Address',
  endpointUrlPlaceholder: 'http://localhost:11434/v1',
  endpointModel: 'Model',
  endpointKey: 'Key (if it needs one)',
  endpointKeyHelp: 'Kept in memory until the page closes, never stored.',
  endpointAdd: 'Use this server',
  endpointNoUrl: 'Write the address of the server.',
  endpointBadUrl: (text: string): string =>
    `"${text}" is not the address of a server: write it whole, such as http://localhost:11434/v1.`,
  endpointSecretUrl:
    'Leave user, password and query out: addresses are stored. The key has a field of its own.',
  endpointNoModel: 'Name a model of the server. "Test the server" lists them.',
  endpointBadModel: 'A name of a model has no comma.',
  endpointTest: 'Test the server',
  endpointTesting: 'Asking it …',
  endpointServes: (count: number): string =>
    count === 0
      ? 'It answers, and lists no model.'
      : count === 1
        ? 'It answers, and has this model:'
        : `It answers, and has these ${formatCount(count)} models:`,

  facts: (parameters: number | null, bytes: number | null, approximate: boolean): string =>
    [
      parameters === null
        ? null
        : parameters >= 1e9
          ? `${(parameters / 1e9).toFixed(1)} B parameters`
          : parameters >= 1e6
            ? `${Math.round(parameters / 1e6)} M parameters`
            : `${formatCount(parameters)} parameters`,
      bytes === null ? null : `${approximate ? 'about ' : ''}${formatBytes(bytes)}`,
    ]
      .filter((part) => part !== null)
      .join(' · '),
  licence: (name: string | null): string => name ?? 'licence: see its page',
  needs: (features: readonly string[]): string => `needs ${features.join(', ')}`,
  lacks: (features: readonly string[]): string => `this browser lacks ${features.join(', ')}`,
  cannotRun: 'Cannot run here',
  states: { absent: 'not downloaded', partial: 'partly downloaded', ready: 'on this device' },
  verdicts: { fits: 'Fits', tight: 'Tight', 'too large': 'Too large' } satisfies Record<Verdict, string>,
  rowSum: (model: number, others: number, budget: number): string =>
    `${formatBytes(model)} for it + ${formatBytes(others)} for the rest of the run = ${formatBytes(model + others)} of ${formatBytes(budget)}`,

  download: 'Download',
  resume: 'Resume',
  pause: 'Pause',
  cancel: 'Cancel',
  remove: 'Delete',
  removeOf: (name: string): string => `Delete ${name}`,
  reallyRemove: (bytes: number): string => `Delete ${formatBytes(bytes)}?`,
  verify: 'Check for offline',
  phases: {
    'look up': 'Looking it up',
    download: 'Downloading',
    verify: 'Verifying',
    ready: 'Ready',
  } satisfies Record<ModelProgress['phase'], string>,
  progress: (progress: ModelProgress): string =>
    [
      `${formatBytes(progress.done)} of ${formatBytes(progress.total)}`,
      progress.bytesPerSecond === null ? null : `${formatBytes(progress.bytesPerSecond)}/s`,
      progress.secondsLeft === null ? null : `${minutes(progress.secondsLeft)} left`,
    ]
      .filter((part) => part !== null)
      .join(' · '),
  checked: (files: number): string =>
    `Ready for offline: all ${files} files are here and match their hashes.`,
  checkFailed: (names: readonly string[]): string =>
    `Not ready for offline: ${names.join(', ')}. Download it again: only what is wrong is fetched.`,

  storage: {
    title: 'Storage',
    meter: (usage: number, quota: number): string => `${formatBytes(usage)} of ${formatBytes(quota)} in use`,
    models: (bytes: number): string => `${formatBytes(bytes)} of it are models`,
    persisted: 'The browser keeps this site’s data until you delete it.',
    notPersisted: 'The browser may clear this site’s data, models and runs, when the disk gets full.',
    persist: 'Ask the browser to keep it',
    refused: 'The browser did not promise to keep the data.',
    refusedHint:
      'Browsers grant it to sites that are installed, bookmarked or often visited. Nothing is lost now.',
  },

  plan: {
    title: 'Memory',
    planning: 'Working out the memory …',
    peak: (peak: number, budget: number, phase: PhaseMemory['phase']): string =>
      `${formatBytes(peak)} at most, while ${{ debate: 'debating', distil: 'learning', evaluate: 'comparing' }[phase]}, of about ${formatBytes(budget)} available`,
    measured: (peak: number, planned: number): string =>
      `The last run held ${formatBytes(peak)} at most; its plan is ${formatBytes(planned)}.`,
    recompute: {
      off: null,
      selective:
        'To fit, training computes the cheap parts of each layer twice: hardly slower, the same result.',
      full: 'To fit, training computes each layer twice: about a third slower, the same result.',
    } satisfies Record<MemoryPlan['recompute'], string | null>,
    sum: 'Show the sum',
    phases: { debate: 'Debate', distil: 'Distil', evaluate: 'Compare' } satisfies Record<
      PhaseMemory['phase'],
      string
    >,
    kinds: {
      weights: 'Weights',
      cache: 'Key-value cache',
      activations: 'Activations',
      adapter: 'Adapter',
      optimiser: 'Gradient and optimiser',
      training: 'Activations kept for learning',
      reward: 'Reward model',
      spare: 'Buffers kept for reuse, scratch',
      library: 'As stated by its library or its files',
    } satisfies Record<MemoryKind, string>,
    total: 'Together',
    part: 'Part',
    bytes: 'Bytes',
    from: {
      user: 'You set this limit.',
      'device memory':
        'Browsers report total memory only, rounded: half of it (a quarter on phones) is assumed to be free.',
      guess: 'The browser does not report its memory: this is a guess.',
    },
    budget: 'Memory limit (GB)',
    budgetHelp: 'Leave empty to use what the browser reports.',
    missing: (features: readonly string[]): string =>
      `A model needs ${features.join(', ')}, which this browser’s GPU does not offer. Choose its q4f32 variant.`,
    unknown: (names: readonly string[]): string => `Not in the sum, sizes unknown: ${names.join('; ')}.`,
    proposals: 'What would help',
    proposal: {
      'agents-out': 'Unload the agents before the student is loaded',
      'one-at-a-time': 'One agent’s model at a time, loaded again for each round: slower, the same turns',
      'one-model': 'One model for all agents',
      'smaller-batch': 'A quarter of the batch',
      'shorter-replies': 'Half the length of answers',
      'half-cache': 'Keys and values at 16 bits: slightly different replies',
      bundled: 'The bundled models',
    } satisfies Record<Proposal['id'], string>,
    takes: (peak: number): string => `${formatBytes(peak)} at most`,
    apply: 'Apply',
  },

  presets: {
    title: 'Presets by machine',
    help: 'Agents by WebLLM, a student from Hugging Face. Minutes are estimates, not measured on such machines.',
    load: 'Show them',
    names: {
      phone: 'Phone',
      'laptop-4': 'Laptop, 4 GB',
      'laptop-8': 'Laptop, 8 GB',
      desktop: 'Desktop',
    } satisfies Record<DevicePreset['id'], string>,
    line: (preset: DevicePreset): string =>
      `${formatBytes(preset.downloadBytes)} to download, ${preset.minutes[0]} to ${preset.minutes[1]} min (estimate)`,
    agents: (count: number, models: readonly string[]): string => `${count} agents: ${models.join(', ')}`,
    student: (name: string): string => `Student: ${name}`,
    choose: 'Choose',
  },
  stage: {
    title: 'Prepare for a presentation',
    help: 'Downloads what the settings name, checks every file by its hash, then rehearses four questions with the network cut: a request that is not answered from what is stored here is refused.',
    start: 'Prepare',
    steps: {
      download: 'Downloading',
      verify: 'Checking every file',
      fetch: 'Running once with the network, so that files at addresses of your own are fetched',
      rehearse: 'Rehearsing with the network cut: watch the run',
      ready: 'Ready.',
      open: 'Rehearsed, but not proven: this address has no service worker to cut the network with (it needs https or localhost, and no private window). The rehearsal is the newest run.',
      failed: 'Not ready: see the message.',
    },
    proven: ({ answered, requests }: CutAnswer): string =>
      `Ready: rehearsed with the network cut. ${formatCount(answered)} requests answered from what is stored, ${formatCount(requests)} refused${requests === 0 ? '' : ': none was needed'}. The rehearsal is the newest run.`,
    refused: (count: number): string => `Requests refused: ${formatCount(count)}`,
    missing: (addresses: readonly string[]): string =>
      `The rehearsal did not finish without the network. Not stored here: ${addresses.slice(0, 5).join(', ')}${addresses.length > 5 ? ` and ${addresses.length - 5} more` : ''}.`,
    missingHint:
      'Store it (Settings, This device), or choose agents that run on this machine, then prepare again.',
    stopped: 'The rehearsal did not finish, though no request was refused.',
    stoppedHint: 'See its own message, then prepare again.',
    notStored: 'The app itself is not stored here yet.',
    notStoredHint: 'Open This device and wait until it says "Ready", then prepare again.',
    outside:
      'A page or worker of this app was started before it was stored, so its requests cannot be cut off.',
    outsideHint: 'Close other tabs of the app, reload this page, then prepare again.',
    broken: 'The rehearsal finished, but the network was not cut all the time.',
    brokenHint: 'Keep this tab in front while it rehearses, then prepare again.',
  },
};
