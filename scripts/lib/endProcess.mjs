/** The end of a command. */

/**
 * Ends the process with `process.exitCode` once what was written is out. Nothing else may be left to do: threads of the bundler
 * sometimes outlive the work they were started for, and a command that was done would wait for them without end.
 */
export function endProcess() {
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}
