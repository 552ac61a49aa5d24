/**
 * Test files that `npm run test:long` alone runs, by the project that they belong to: the slowest of those, so that `npm test` stays
 * under 25 minutes on two cores. One of them alone: `LONG_TESTS=1 npx vitest run --project e2e tests/e2e/looks.test.ts`.
 * @type {Readonly<Record<'chromium' | 'dawn' | 'e2e', readonly string[]>>}
 */
export const longTests = {
  chromium: ['tests/store/job.test.ts', 'tests/store/lifecycle.test.ts', 'tests/store/manyTurns.test.ts'],
  dawn: [
    'tests/dawn/workgroupForms.test.ts',
    'tests/dawn/modelForms.test.ts',
    'tests/dawn/decodeForms.test.ts',
    'tests/dawn/families.test.ts',
    'tests/dawn/sharedForms.test.ts',
  ],
  e2e: [
    'tests/e2e/commands.test.ts',
    'tests/e2e/hubModels.test.ts',
    'tests/e2e/keyboard.test.ts',
    'tests/e2e/keyboardRuns.test.ts',
    'tests/e2e/keyboardSettings.test.ts',
    'tests/e2e/looks.test.ts',
  ],
};

/**
 * Which files of a project run: of those that `include` matches all but the long ones or, with LONG_TESTS=1, the long ones.
 * @param {keyof typeof longTests} project
 * @param {string} include
 * @returns {{include: string[], exclude: string[]}}
 */
export function filesOf(project, include) {
  const long = [...longTests[project]];
  return process.env.LONG_TESTS ? { include: long, exclude: [] } : { include: [include], exclude: long };
}
