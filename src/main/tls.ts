import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Credentials } from '../api/http/listen.ts';
import type { Settings } from '../settings.ts';
import { StartRefused, sentenceOf } from './refused.ts';

export interface Tls {
  readonly credentials: Credentials;
  /** Calls back with what the files hold after they have changed, or after SIGHUP; what cannot be used is said and changes nothing. */
  watch(changed: (credentials: Credentials) => void): void;
  stop(): void;
}

/** How often the files are looked at, in ms. */
const LOOK_MS = 5000;
const DAY_MS = 24 * 3600_000;
const SOON_DAYS = 14;

/** The certificate and the key of the settings; undefined where there are none. Throws `StartRefused` when they cannot be used. */
export function openTls(settings: Settings, log: (message: string) => void): Tls | undefined {
  const { ANNALS_TLS_CERT: certFile, ANNALS_TLS_KEY: keyFile } = settings;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined)
    throw new StartRefused('ANNALS_TLS_CERT and ANNALS_TLS_KEY belong together: set both, or neither to serve plain HTTP.');
  const files = { certFile, keyFile };
  const credentials = readCredentials(files, log);
  let again = (): void => undefined;
  const hear = (): void => again();
  return {
    credentials,
    watch(changed) {
      let shown = credentials;
      again = () => {
        try {
          const read = readCredentials(files, log);
          if (read.cert.equals(shown.cert) && read.key.equals(shown.key)) return;
          shown = read;
          changed(read);
          log(`shows the certificate that ${certFile} holds now, valid until ${untilOf(read.cert)}`);
        } catch (error) {
          log(`goes on with the certificate it has: ${sentenceOf(error)}`);
        }
      };
      // By name, as a mount in a container or a renewal replaces the files.
      for (const file of [certFile, keyFile]) watchFile(file, { interval: LOOK_MS, persistent: false }, hear);
      process.on('SIGHUP', hear);
    },
    stop() {
      for (const file of [certFile, keyFile]) unwatchFile(file, hear);
      process.off('SIGHUP', hear);
    },
  };
}

/** Both files, if they can be used together. An old certificate can: whoever connects is warned by the browser, and here it is said. */
function readCredentials({ certFile, keyFile }: { certFile: string; keyFile: string }, warn: (message: string) => void): Credentials {
  const [cert, key] = [read('ANNALS_TLS_CERT', certFile), read('ANNALS_TLS_KEY', keyFile)];
  const certificate = parsed(() => new X509Certificate(cert), `${certFile} (ANNALS_TLS_CERT) holds no certificate in PEM`);
  const privateKey: KeyObject = parsed(() => createPrivateKey(key), `${keyFile} (ANNALS_TLS_KEY) holds no private key in PEM without a passphrase`);
  if (!certificate.checkPrivateKey(privateKey))
    throw new StartRefused(
      `The key in ${keyFile} (ANNALS_TLS_KEY) is not that of the certificate in ${certFile} (ANNALS_TLS_CERT): name the two that belong together.`,
    );
  const left = (certificate.validToDate.getTime() - Date.now()) / DAY_MS;
  if (left < 0) warn(`the certificate in ${certFile} has expired at ${untilOf(cert)}: clients will refuse it, renew it`);
  else if (left < SOON_DAYS) warn(`the certificate in ${certFile} expires at ${untilOf(cert)}: renew it, it is taken up without a restart`);
  if (certificate.validFromDate.getTime() > Date.now()) warn(`the certificate in ${certFile} is not valid yet: look at the clock of this machine`);
  return { cert, key };
}

const untilOf = (cert: Buffer): string => new X509Certificate(cert).validToDate.toISOString();

function read(setting: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartRefused(`${file} (${setting}) cannot be read (${sentenceOf(error)}): name a file in PEM that this user may read.`);
  }
}

function parsed<Value>(parse: () => Value, otherwise: string): Value {
  try {
    return parse();
  } catch (error) {
    throw new StartRefused(`${otherwise} (${sentenceOf(error)}): name another file.`);
  }
}
