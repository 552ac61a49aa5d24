import { presets, type RunConfig } from '../../src/settings/config';

/** Preset quick with what the test is about. */
export const makeConfig = (change: Partial<RunConfig> = {}): RunConfig => ({
  ...presets.quick,
  preset: 'custom',
  ...change,
});

/** A job of seconds on the CPU: few questions and steps, and every readable trace is learnt from. */
export const makeTinyConfig = (change: Partial<RunConfig> = {}): RunConfig =>
  makeConfig({
    trainQuestions: 8,
    validationQuestions: 2,
    testQuestions: 6,
    steps: 3,
    controls: [],
    batch: 4,
    labels: 'none',
    stepFilter: 'off',
    backend: 'cpu',
    ...change,
  });
