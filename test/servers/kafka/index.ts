import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { spawnServer } from '../process.ts';
import type { StartTestServer, TestServer } from '../test-server.ts';

const program = fileURLToPath(new URL('../../../../shared/servers/kafka/start', import.meta.url));
const ATTEMPTS = 3;

/** A real broker: Apache Kafka 4.1.1 in KRaft mode, which keeps its data over restarts. */
export const startKafkaServer: StartTestServer = async () => {
  if (!existsSync(program)) return { unavailable: 'Apache Kafka needs ../shared/servers/kafka/start beside this folder, and it is not there.' };
  if (!(await promisify(execFile)('java', ['-version']).catch(() => undefined)))
    return { unavailable: 'Apache Kafka needs Java 17 or newer on the PATH, and there is no java.' };
  return started(ATTEMPTS);
};

/** The controller listens on the next port; where somebody else has that one, another pair is tried. */
async function started(attempts: number): Promise<TestServer> {
  try {
    return await spawnServer({
      what: 'Apache Kafka 4.1.1',
      command: ({ folder, port }) => [program, `${folder}/data`, String(port)],
      url: ({ port }) => `127.0.0.1:${port}`,
    });
  } catch (error) {
    if (attempts > 1) return started(attempts - 1);
    throw error;
  }
}
