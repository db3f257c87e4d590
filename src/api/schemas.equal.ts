/** Proof for the compiler: each schema describes exactly the shape of types.ts. No code; a difference does not compile. */
import type { z } from '@hono/zod-openapi';
import type { CheckSummary, Costs } from '../core/types.ts';
import type {
  checkSchema,
  checkSummarySchema,
  checksSchema,
  costsSchema,
  problemSchema,
  seriesSchema,
  serverEventSchema,
  statusSchema,
} from './schemas.ts';
import type { Check, Checks, Problem, Public, Series, ServerEvent, Status } from './types.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** Ends compilation unless every entry is `true`. */
export type SchemasEqualTypes = Assert<
  [
    Same<z.infer<typeof costsSchema>, Public<Costs>>,
    Same<z.infer<typeof checkSummarySchema>, Public<CheckSummary>>,
    Same<z.infer<typeof statusSchema>, Public<Status>>,
    Same<z.infer<typeof checksSchema>, Public<Checks>>,
    Same<z.infer<typeof seriesSchema>, Public<Series>>,
    Same<z.infer<typeof checkSchema>, Public<Check>>,
    Same<z.infer<typeof serverEventSchema>, Public<ServerEvent>>,
    Same<z.infer<typeof problemSchema>, Public<Problem>>,
  ]
>;

type Assert<T extends readonly true[]> = T;
