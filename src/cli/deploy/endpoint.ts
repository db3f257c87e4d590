/** Which chain, and how to reach it: for commands that need no config file. */
import { resolve } from 'node:path';
import { getAddress, isAddress } from 'viem';
import type { KeySource } from '../../chain/signer.ts';
import { nearest } from '../../config/nearest.ts';
import { EXIT, KeelError } from '../../core/errors.ts';
import type { Address } from '../../core/types.ts';
import { networkNamed } from '../../networks/find.ts';
import { NETWORK_IDS, type Network } from '../../networks/types.ts';
import { badOption, type Call, textOption } from '../command.ts';

function usage(code: string, field: string, value: string, reason: string, remedy: string): KeelError {
  return new KeelError({ code, exit: EXIT.usage, field, value, reason, remedy });
}

/** @throws KeelError BAD_OPTION, NETWORK_UNKNOWN */
export function networkOption(call: Call): Network {
  const name = textOption(call, 'network');
  const known = NETWORK_IDS.join(', ');
  if (name === undefined) throw badOption('--network', '(missing)', 'is needed', `Add --network and one of ${known}`);
  const network = networkNamed(name);
  if (network !== null) return network;
  const meant = nearest(name, NETWORK_IDS);
  throw usage(
    'NETWORK_UNKNOWN',
    '--network',
    name,
    'is not in the registry of networks',
    meant === null ? `Use one of ${known}` : `Did you mean ${meant}?`,
  );
}

/** A URL often carries a provider's key, so it may come from the environment instead. @throws KeelError BAD_OPTION */
export function rpcOption(call: Call): string {
  const url = textOption(call, 'rpc') ?? call.io.env.KEEL_RPC_URL;
  if (url === undefined || url.trim() === '')
    throw badOption('--rpc', '(missing)', 'no node is named', 'Set KEEL_RPC_URL, or add --rpc <url>');
  return url;
}

function pathOption(call: Call, name: string, flag: string): string | undefined {
  const path = textOption(call, name);
  if (path === undefined) return undefined;
  if (/^(?:0x)?[0-9a-fA-F]{64}$/.test(path.trim()))
    throw usage(
      'SECRET_IN_SETTING',
      flag,
      '(not shown)',
      'looks like a private key',
      'Keys are read from files of mode 0600 only; treat this one as known to others',
    );
  return resolve(call.io.cwd, path);
}

/** @throws KeelError SECRET_IN_SETTING */
export function keyOption(call: Call): KeySource | null {
  const keyFile = pathOption(call, 'keyFile', '--key-file');
  const passwordFile = pathOption(call, 'passwordFile', '--password-file');
  if (keyFile === undefined) return null;
  return passwordFile === undefined ? { keyFile } : { keyFile, passwordFile };
}

/** @throws KeelError BAD_ADDRESS, BAD_ADDRESS_CHECKSUM */
export function addressFrom(field: string, text: string): Address {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text))
    throw usage('BAD_ADDRESS', field, text, 'is not an address', 'Write 0x and 40 hex digits');
  if (!isAddress(text, { strict: text !== text.toLowerCase() }))
    throw usage(
      'BAD_ADDRESS_CHECKSUM',
      field,
      text,
      'has a wrong checksum, so at least one character was mistyped',
      'Copy the address again from its source',
    );
  return getAddress(text);
}
