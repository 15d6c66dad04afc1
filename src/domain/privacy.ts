import { type MaskingPolicy, usualMasking } from './masking/index.ts';
import { type RetentionPolicy, usualRetention } from './retention.ts';

/** No bucket of figures shows fewer persons than this, whatever a setting says. */
export const LEAST_PERSONS = 20;

/** What the settings say of privacy; administrators change policies without a restart. */
export interface PrivacySettings {
  readonly masking: MaskingPolicy;
  readonly retention: RetentionPolicy;
  /** Buckets of fewer persons are not shown to analysts. */
  readonly leastPersons: number;
}

export const usualPrivacy: PrivacySettings = { masking: usualMasking, retention: usualRetention, leastPersons: LEAST_PERSONS };
