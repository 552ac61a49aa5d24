import svelte from 'eslint-plugin-svelte';
import tseslint from 'typescript-eslint';

/** @type {import('eslint').Linter.RulesRecord} */
const rules = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/require-await': 'off',
  // Interfaces here declare callbacks in method form; none of them reads `this`.
  '@typescript-eslint/unbound-method': 'off',
  '@typescript-eslint/restrict-template-expressions': 'off',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
};

const languageOptions = {
  parserOptions: {
    projectService: true,
    tsconfigRootDir: import.meta.dirname,
    extraFileExtensions: ['.svelte'],
  },
};

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'prebuilt/',
      '.cache/',
      './runs/',
      'src/cpu/build/',
      'src/cpu/assembly/',
      'public/',
      'test-results/',
    ],
  },
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions,
    rules,
  },
  {
    files: ['**/*.svelte'],
    extends: [...tseslint.configs.recommendedTypeChecked, ...svelte.configs.recommended],
    languageOptions: { parserOptions: { ...languageOptions.parserOptions, parser: tseslint.parser } },
    rules: {
      ...rules,
      'svelte/no-navigation-without-resolve': 'off',
      // The parser sees a snippet's parameters as any; svelte-check types them.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
