/** One command of a list: its exit code, and what it throws as an error document on stderr (on stdout too with --json). */
import { hintOf, messageOf, systemCode } from './commandError.mjs';
import { endProcess } from './endProcess.mjs';
import { listenForSignals } from './interrupt.mjs';

/** @typedef {Readonly<Record<string, () => Promise<{main(args: string[]): Promise<number | undefined>}>>>} Commands */

/**
 * @param {Commands} commands
 * @param {string} name
 * @param {string[]} args
 */
export async function runCommand(commands, name, args) {
  listenForSignals();
  const command = commands[name];
  if (!command) {
    console.error(`Unknown command ${name}. Commands: ${Object.keys(commands).join(', ')}.`);
    process.exit(2);
  }
  try {
    const { main } = await command();
    process.exitCode = await main(args);
  } catch (error) {
    const code = systemCode(error) ?? 'internal';
    const hint = hintOf(error) ?? 'This is a bug in Arklet: please report it with the command that led here.';
    const document = JSON.stringify({ error: { code, message: messageOf(error), hint } });
    if (args.includes('--json')) console.log(document);
    console.error(document);
    if (process.env.DEBUG && error instanceof Error) console.error(error.stack);
    process.exitCode = code === 'config' ? 2 : code === 'interrupted' ? 130 : 1;
  }
  endProcess();
}
