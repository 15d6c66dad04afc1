import type { Tell } from '../../commands/command.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Progress } from '../../projections/progress.ts';
import type { Views } from '../../projections/query.ts';
import type { EraseParts } from '../erase-conversation.ts';
import type { JobPlans, JobWork } from '../jobs/kind.ts';

export interface ErasingParts extends EraseParts {
  readonly tell: Tell;
  readonly views: Views;
  readonly progress: Progress;
  /** Other long work on persons' data: what it left goes too. */
  readonly plans: () => JobPlans;
  /** How long commands of other processes may still be under way after the account was closed, in ms. */
  readonly settleMs: number;
  /** Takes out of the files of the views, and whatever else keeps copies, what was removed from them. */
  readonly scrub?: (() => Promise<void>) | undefined;
  /** What else is kept of persons. */
  readonly more?: readonly ErasureStep[];
}

/** One kind of thing that is kept of persons, and how it goes. It may be broken off and done again. */
export interface ErasureStep {
  readonly name: string;
  erase(parts: ErasingParts, subjects: readonly PersonId[], work: JobWork): Promise<void>;
}
