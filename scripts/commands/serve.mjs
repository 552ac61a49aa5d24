/**
 * `npm start [-- FLAGS]` and `arklet serve`: serves the built app with COOP/COEP and prints its address. --port N (or PORT) chooses the
 * port. --host ADDRESS[,NAME...] binds another address than this machine's own, the bare --host all of them; a request is answered under
 * these names and the machine's own alone. --https serves by a certificate made on the spot.
 */
import { hostname, networkInterfaces } from 'node:os';
import { ensureBuild } from '../lib/build.mjs';
import { badArgument, CommandError, readFlags, systemCode } from '../lib/commandError.mjs';
import { stoppable } from '../lib/interrupt.mjs';
import { startServer } from '../lib/server.mjs';

const usual = { port: 4173, host: '127.0.0.1' };
/** Addresses that stand for all of a machine. */
const all = ['0.0.0.0', '::'];

/** @param {string} text */
function portOf(text) {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw badArgument(`The port is "${text}".`, 'Give --port a number from 0 (any free port) to 65535.');
}

/** Names of a server that listens at all of this machine's addresses. */
function namesOfMachine() {
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) =>
    list.filter(({ internal, scopeid }) => !internal && !scopeid).map(({ address }) => address),
  );
  const name = hostname().toLowerCase();
  return [...addresses, name, ...(name.includes('.') ? [] : [`${name}.local`])];
}

/** @param {string} text */
function hostOf(text) {
  const [host = '', ...named] = text
    .toLowerCase()
    .split(',')
    .map((one) => one.trim().replace(/^\[(.*)\]$/, '$1'));
  const odd = [host, ...named].find((one) => !/^[a-z0-9.:_-]+$/.test(one));
  if (odd !== undefined)
    throw badArgument(
      `"${odd}" is no address and no name of a machine.`,
      'Write --host 0.0.0.0, or --host ADDRESS,NAME.',
    );
  const own = all.includes(host) ? namesOfMachine() : [host];
  return { host, names: [...new Set([...own, ...named])] };
}

/** @param {string[]} args */
function read(args) {
  const { flags, rest } = readFlags(args, (name) => name === 'port');
  /** @type {Partial<Record<string, string>>} */
  const { port = process.env.PORT, host, https, ...unknown } = flags;
  const odd = [...rest, ...Object.keys(unknown)];
  if (odd.length > 0) throw badArgument(`"${odd[0]}" is not known.`, 'Flags: --port, --host, --https.');
  if (https !== undefined && https !== 'true')
    throw badArgument(`--https is "${https}".`, 'Write --https without a value.');
  return {
    port: port === undefined ? null : portOf(port),
    secure: https !== undefined,
    ...hostOf(host === 'true' ? '0.0.0.0' : (host ?? usual.host)),
  };
}

/** @param {readonly string[]} names */
async function certificateFor(names) {
  const { makeCertificate } = await import('../lib/certificate.mjs');
  return makeCertificate([...new Set(['localhost', '127.0.0.1', '::1', ...names])]);
}

/** @param {string[]} args @returns {Promise<number>} exit code */
export async function main(args) {
  const { port, secure, host, names } = read(args);
  const root = ensureBuild();
  const certificate = secure ? await certificateFor(names) : null;
  const options = { root, host, names, ...(certificate && { tls: certificate }) };
  const server = await startServer({ ...options, port: port ?? usual.port })
    .catch((/** @type {unknown} */ error) => {
      if (systemCode(error) !== 'EADDRINUSE' || port !== null) throw error;
      return startServer(options);
    })
    .catch((/** @type {unknown} */ error) => {
      const code = systemCode(error);
      if (code === 'EADDRINUSE' || code === 'EACCES')
        throw new CommandError({
          code: 'port',
          message: `Port ${port} is ${code === 'EACCES' ? 'not allowed' : 'taken'}.`,
          hint: 'Give another --port, or leave it out for a free one.',
        });
      if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
        throw badArgument(`This machine has no address ${host}.`, 'Write --host for all that it has.');
      throw error;
    });
  console.log(`Arklet is at ${server.url} (Ctrl-C ends it)`);
  const scheme = secure ? 'https' : 'http';
  const open = host !== usual.host && host !== '::1' && host !== 'localhost';
  if (open)
    for (const name of names)
      console.log(
        `For other machines: ${scheme}://${name.includes(':') ? `[${name}]` : name}:${server.port}/`,
      );
  if (certificate)
    console.error(
      `Browsers ask once whether to trust this certificate. Its SHA-256 is ${certificate.fingerprint}`,
    );
  else if (open)
    console.error('Browsers of other machines give WebGPU, threads and storage to https alone: add --https.');
  await stoppable(
    () => void server.close(),
    () => server.closed,
  );
  return 0;
}
