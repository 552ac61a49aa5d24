/**
 * `npm run -s isa -- [--family navi23|gfx1100] [--json]`: the machine code of every kernel form that eight model shapes run, without a
 * GPU: registers, spills, occupancy, instructions and compile time. Exit code 1 where a form in use misses a bound and is not on the
 * list of those that do (scripts/isa/allowed.json; `--allow` writes it), or is on it and has become good. Exit code 3 where the driver or a
 * C compiler cannot be had; with REQUIRE_ISA=1 that is a failure.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { badArgument, CommandError, readFlags } from '../lib/commandError.mjs';
import { readJson } from '../lib/json.mjs';
import { root } from '../lib/root.mjs';
import { faultsOf, missing, readMachine } from '../isa/bounds.mjs';
import { NotPossibleHere, radvEnv } from '../isa/mesa.mjs';
import { ensureWasm } from '../wasm.mjs';
/** @import {Allowed, Machine} from '../isa/types' */

const families = ['navi23', 'gfx1100'];
const allowedFile = join(root, 'scripts/isa/allowed.json');

/**
 * @param {string} family
 * @param {Record<string, string>} env
 * @returns {Promise<Machine>}
 */
async function compileAll(family, env) {
  const child = spawn(process.execPath, [join(root, 'scripts/isa/compile.mjs')], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ part) => (text += part));
  const status = await /** @type {Promise<number | null>} */ (new Promise((done) => child.on('close', done)));
  if (status === 0) return readMachine(family, text);
  throw new CommandError({
    code: 'isa',
    message: `The compiler for ${family} ended with ${String(status)}: ${text.slice(-2000)}`,
    hint: 'The last form that it names is the one that it could not compile.',
  });
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { flags, rest } = readFlags(args, (name) => name === 'family');
  /** @type {Partial<Record<string, string>>} */
  const given = flags;
  const { json, allow, family = 'navi23', ...unknown } = given;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --family, --json, --allow.');
  if (!families.includes(family))
    throw badArgument(`--family is "${family}".`, `Families: ${families.join(', ')}.`);
  let machine;
  try {
    ensureWasm();
    machine = await compileAll(family, radvEnv(family, console.error));
  } catch (error) {
    if (!(error instanceof NotPossibleHere)) throw error;
    console.error(`No machine code here: ${error.message}`);
    return process.env.REQUIRE_ISA ? 1 : 3;
  }
  const allowed = /** @type {Allowed} */ (readJson(allowedFile));
  if (allow) {
    const list = { ...allowed, [family]: missing(machine.kernels) };
    writeFileSync(allowedFile, `${JSON.stringify(list, null, 2)}\n`);
    return 0;
  }
  const faults = faultsOf(machine, allowed);
  if (json) console.log(documentOf(machine));
  else for (const form of machine.kernels) console.log(line(form));
  for (const fault of faults) console.error(fault);
  const known = Object.keys(allowed[family] ?? {}).length;
  console.error(
    `${machine.kernels.length} forms on ${family} (${machine.driver}): ${faults.length} faults, ${known} known to miss the bounds`,
  );
  return faults.length === 0 ? 0 : 1;
}

/**
 * JSON with a line for each form, so that two tables can be laid side by side.
 * @param {Machine} machine
 */
function documentOf({ kernels, ...rest }) {
  const lines = kernels.map((form) => JSON.stringify(form)).join(',\n');
  return `${JSON.stringify(rest).slice(0, -1)},"kernels":[\n${lines}\n]}`;
}

/** @param {Machine['kernels'][number]} form */
const line = ({ key, vgprs, spilled, occupancy, instructions, ms, hot }) =>
  [
    hot ? 'hot ' : '    ',
    key.padEnd(88),
    `${vgprs} registers`.padStart(13),
    `${spilled} spilled`.padStart(13),
    `${occupancy} subgroups`.padStart(13),
    `${instructions} instructions`.padStart(18),
    `${ms} ms`.padStart(8),
  ].join(' ');
