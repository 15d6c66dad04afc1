import { randomUUID } from 'node:crypto';
import { describe, test } from 'vitest';

/** The environment variables that name the servers; `test/servers/setup.ts` sets those that were not given. */
export type ServerVariable = 'EVENTSTORE_URL' | 'MONGODB_URL' | 'KAFKA_BROKERS';

export const eventstoreUrl = (): string => addressOf('EVENTSTORE_URL');
export const mongodbUrl = (): string => addressOf('MONGODB_URL');
/** A database of its own on the server of the run. */
export function ownDatabase(): string {
  const url = new URL(mongodbUrl());
  url.pathname = `/annals_${randomUUID().slice(0, 8)}`;
  return url.toString();
}
/** As `host:port`. */
export const kafkaBrokers = (): readonly string[] => addressOf('KAFKA_BROKERS').split(',');

/** As `describe`; where one of the servers is missing it is one test instead, which is skipped and says why. */
export function describeWith(servers: readonly ServerVariable[], name: string, define: () => void): void {
  const missing = servers.filter((server) => !process.env[server]);
  if (missing.length === 0) describe(name, define);
  else describe(name, () => test('needs a server', ({ skip }) => skip(missing.map(whyNot).join(' '))));
}

const whyNot = (server: ServerVariable): string => `${server} is not there: ${process.env[`${server}_WHY_NOT`] ?? 'it was not given.'}`;

function addressOf(server: ServerVariable): string {
  const value = process.env[server];
  if (!value) throw new Error(`${whyNot(server)} Tests that need it stand in describeWith(['${server}'], …).`);
  return value;
}
