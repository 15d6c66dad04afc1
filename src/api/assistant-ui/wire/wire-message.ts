import type { z } from 'zod';
import type { Part } from '../../../domain/message.ts';
import { Role } from '../../../domain/message.ts';
import type { JsonObject } from './json.ts';

export type MessageRole = z.infer<typeof Role>;

/** A message between two formats: our parts, and the metadata as the AI SDK has it. */
export type WireMessage = { readonly role: MessageRole; readonly parts: readonly Part[]; readonly metadata: JsonObject };

/** The role, with everything that is none taken for the person's. */
export const roleOf = (value: unknown): MessageRole => Role.catch('user').parse(value);
