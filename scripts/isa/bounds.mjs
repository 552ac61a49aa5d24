/** The bounds of the machine code, and the list of the forms that miss them, which may only get shorter. */
import { parseJson } from '../lib/json.mjs';
/** @import {Allowed, FormCode, Machine} from './types' */

/** Of a hot form. Eight subgroups of a SIMD are left at 128 registers on RDNA. */
export const bounds = { vgprs: 128, spilled: 0, ms: 500 };

/** @param {Pick<FormCode, 'vgprs' | 'spilled'>} form */
const fits = ({ vgprs, spilled }) => vgprs <= bounds.vgprs && spilled <= bounds.spilled;

/**
 * What is wrong with a family's machine code, a line each. A form of the list must miss a bound with its figures or better ones; one
 * that has become good, or is no longer there, must leave the list.
 * @param {Machine} machine
 * @param {Allowed} allowed
 */
export function faultsOf({ family, kernels }, allowed) {
  const listed = allowed[family] ?? {};
  /** @type {string[]} */
  const faults = [];
  for (const form of kernels) {
    const { key, vgprs, spilled, ms, hot } = form;
    const known = listed[key];
    const figures = `${vgprs} registers, ${spilled} spilled`;
    if (known === undefined) {
      if (!hot) continue;
      if (!fits(form)) faults.push(`${key}: ${figures}; at most ${bounds.vgprs} and none`);
      if (ms > bounds.ms) faults.push(`${key}: ${ms} ms to compile; at most ${bounds.ms}`);
    } else if (!hot) faults.push(`${key}: in use nowhere: take it off the list`);
    else if (fits(form)) faults.push(`${key}: within the bounds now (${figures}): take it off the list`);
    else if (vgprs > known.vgprs || spilled > known.spilled)
      faults.push(`${key}: ${figures}; the list allows ${known.vgprs} and ${known.spilled}`);
  }
  const there = new Set(kernels.map(({ key }) => key));
  for (const key of Object.keys(listed))
    if (!there.has(key)) faults.push(`${key}: no model runs it any more: take it off the list`);
  return faults;
}

/**
 * The list as it would have to be today.
 * @param {readonly FormCode[]} kernels
 */
export const missing = (kernels) =>
  Object.fromEntries(
    kernels
      .filter((form) => form.hot && !fits(form))
      .map(({ key, vgprs, spilled }) => [key, { vgprs, spilled }]),
  );

/**
 * Reads what RADV and scripts/isa/compile.mjs wrote to stderr. Throws where a form has no figures.
 * @param {string} family
 * @param {string} text
 * @returns {Machine}
 */
export function readMachine(family, text) {
  const [before = '', ...parts] = text.split(/^@@ /m);
  const driver = /^@@device (.*)$/m.exec(before)?.[1]?.trim() ?? 'unknown';
  const kernels = parts.map((part) => {
    const [head = '{}', ...lines] = part.split('\n');
    /** @type {{key: string, hot: boolean}} */
    const { key, hot } = parseJson(head);
    const figure = (/** @type {string} */ name) => {
      const found = lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (found === undefined) throw new Error(`The driver gave no "${name}" for ${key}.`);
      return Number(found);
    };
    const ms = Number(lines.find((line) => line.startsWith('@@ms '))?.slice(5) ?? Number.NaN);
    const [vgprs, spilled] = [figure('VGPRs'), figure('Spilled VGPRs')];
    const [occupancy, instructions] = [figure('Subgroups per SIMD'), figure('Instructions')];
    return { key, vgprs, spilled, occupancy, instructions, ms, hot };
  });
  if (kernels.length === 0) throw new Error('No form was compiled.');
  return { family, driver, kernels };
}
