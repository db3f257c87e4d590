/** Which errors pass by themselves. */
import { rpcFailure } from '../chain/rpc.ts';
import { KeelError } from '../core/errors.ts';
import { isRetryable } from '../store/failures.ts';

/** The chain or the database is away: the same work is tried again. */
export function isTransient(error: unknown): error is Error {
  if (error instanceof KeelError) return error.retry === 'later';
  return isRetryable(error) || rpcFailure(error) !== null;
}
