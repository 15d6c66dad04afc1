import { errorHeaders, statusOf } from '../http/problem.ts';
import type { ErrorForm } from '../http/route.ts';

/** An error as FastAPI says it, which Rini's clients read: `{ detail }`. */
export const detailed: ErrorForm = (error) => ({ status: statusOf(error.code), headers: errorHeaders(error), json: { detail: error.message } });
