import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { createDoors } from '../../src/api/http/doors.ts';
import { checkSettings } from '../../src/main/check-settings.ts';
import { readSettings, type Settings } from '../../src/settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));

/** What the person who starts it has to give. */
const given: Readonly<Record<string, string>> = {
  RINI_API_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  ANNALS_JWT_SECRET: 'x'.repeat(32),
  EVENTSTORE_URL: 'esdb+discover://annals:secret@eventstore:2113?tls=true',
  MONGODB_URL: 'mongodb+srv://annals:secret@mongodb/annals',
};
const nowhere = fileURLToPath(new URL('nowhere', import.meta.url));

/** As a process would read them; every name must be a setting, so that none is misspelt. */
function settingsOf(environment: Readonly<Record<string, string>>): Settings {
  const answer = readSettings(environment, {}, nowhere);
  if (!answer.ok) throw new Error(answer.message);
  expect(Object.keys(environment).filter((name) => !(name in answer.settings))).toEqual([]);
  return answer.settings;
}

const problemsOf = (settings: Settings): readonly string[] =>
  checkSettings(settings)
    .filter(({ level }) => level === 'problem')
    .map(({ message }) => message);

const milliseconds = (text: string): number => Number(/^(\d+)s$/.exec(text)?.[1]) * 1000;
/** Whatever a process still does after its answers have ended: closing its connections. */
const CLOSING_MS = 5000;
const graceOf = ({ ANNALS_DRAIN, ANNALS_LINGER }: Settings): number => ANNALS_DRAIN + ANNALS_LINGER + CLOSING_MS;

/** By a version of at least two numbers. */
const isPinned = (image: string): boolean => /^[^:]+(:\d+)?\/?[^:]*:\d+[.]\d+[\w.-]*$/.test(image);

const Compose = z
  .object({
    services: z.record(
      z.string(),
      z
        .object({
          image: z.string(),
          build: z.string().optional(),
          environment: z.record(z.string(), z.string()).default({}),
          env_file: z.unknown().optional(),
          ports: z.array(z.string()).default([]),
          volumes: z.array(z.string()).default([]),
          healthcheck: z
            .object({ test: z.array(z.string()).optional() })
            .loose()
            .optional(),
          restart: z.string(),
          stop_grace_period: z.string(),
          networks: z.array(z.string()).default([]),
          depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
          configs: z.array(z.object({ source: z.string(), target: z.string() })).default([]),
          deploy: z
            .object({ replicas: z.int().optional(), resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) })
            .optional(),
        })
        .loose(),
    ),
    volumes: z.record(z.string(), z.unknown()),
    networks: z.record(z.string(), z.object({ internal: z.boolean().optional() }).nullable()).default({}),
    configs: z.record(z.string(), z.object({ file: z.string() })).default({}),
  })
  .loose();
type Service = z.output<typeof Compose>['services'][string];

const compose = (file: string): z.output<typeof Compose> => Compose.parse(parse(read(file), { merge: true }));
const environmentOf = ({ environment }: Service): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, /^\$\{/.test(value) ? (given[name] ?? '') : value]));

describe('docker-compose.yml', () => {
  const { services, volumes, networks, configs } = compose('docker-compose.yml');
  const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);
  const others = Object.entries(services).filter(([, { build }]) => build === undefined);

  test('starts two processes that answer, two that work, and each server', () => {
    expect(ours.map(([name, { deploy }]) => [name, deploy?.replicas])).toEqual([
      ['api', 2],
      ['workers', 2],
    ]);
    expect(others.map(([name]) => name).sort()).toEqual(['eventstoredb', 'gate', 'kafka', 'mongodb']);
  });

  test.each(ours)('gives %s settings with which it can start, each known, and no other', (name, service) => {
    const settings = settingsOf(environmentOf(service));
    expect(settings.ANNALS_ROLE).toBe(name);
    expect(problemsOf(settings)).toEqual([]);
  });

  test.each(ours)('demands the secrets of %s with a sentence that says how to make them', (_, { environment }) => {
    for (const name of ['RINI_API_MASTER_KEY', 'ANNALS_JWT_SECRET'])
      expect(environment[name]).toMatch(new RegExp(`^\\$\\{${name}:[?].*openssl rand`));
  });

  test.each(ours)('lets %s stop in its own time', (_, service) => {
    expect(milliseconds(service.stop_grace_period)).toBeGreaterThanOrEqual(graceOf(settingsOf(environmentOf(service))));
  });

  test('lets the gate notice that a process is about to stop before it does', () => {
    const [, seconds, failures] = /inter (\d+)s fall (\d+)/.exec(read('deploy/haproxy.cfg')) ?? [];
    const noticedAfter = Number(seconds) * Number(failures) * 1000;
    const { api } = services;
    if (!api) throw new Error('There is no service api.');
    expect(settingsOf(environmentOf(api)).ANNALS_LINGER).toBeGreaterThan(noticedAfter);
  });

  test('names servers that are there, by the ports at which they listen', () => {
    for (const [, service] of ours) {
      const settings = settingsOf(environmentOf(service));
      const named = [settings.EVENTSTORE_URL, settings.MONGODB_URL].map((url) => new URL(url?.replace(/^\w+:/, 'http:') ?? '').hostname);
      const brokers = settings.KAFKA_BROKERS.map((broker) => broker.split(':')[0]);
      expect([...named, ...brokers].filter((host) => host === undefined || !(host in services))).toEqual([]);
    }
  });

  test('pins every image, and ours to the version of this release', () => {
    expect(others.map(([, { image }]) => image).filter((image) => !isPinned(image))).toEqual([]);
    expect(new Set(ours.map(([, { image }]) => image))).toEqual(new Set([`annals:${version}`]));
  });

  test('gives every service a health check, limits, and a restart', () => {
    for (const [name, { healthcheck, deploy, restart }] of Object.entries(services)) {
      expect(healthcheck, name).toBeDefined();
      expect(deploy?.resources.limits, name).toBeDefined();
      expect(restart, name).toBe('unless-stopped');
    }
  });

  test('keeps what the servers store in volumes of their own', () => {
    const used = Object.values(services).flatMap((service) => service.volumes.map((volume) => volume.split(':')[0]));
    expect(used.filter((volume) => volume === undefined || !(volume in volumes))).toEqual([]);
    expect(new Set(used)).toEqual(new Set(Object.keys(volumes)));
    for (const name of ['eventstoredb', 'mongodb', 'kafka']) expect(services[name]?.volumes, name).not.toEqual([]);
  });

  test('shows nothing but the gate, and that to this machine alone', () => {
    const published = Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => [name, port]));
    expect(published).toEqual([['gate', '127.0.0.1:4417:4417']]);
    for (const [name, { networks: joined }] of others.filter(([name]) => name !== 'gate'))
      expect(
        joined.every((network) => networks[network]?.internal),
        name,
      ).toBe(true);
  });

  test('waits for what it names, and not for Kafka, without which everything else goes on', () => {
    for (const [, { depends_on }] of ours) expect(Object.keys(depends_on).sort()).toEqual(['eventstoredb', 'mongodb']);
    for (const { file } of Object.values(configs)) expect(read(file).length).toBeGreaterThan(0);
  });

  test('runs MongoDB as a replica set, because only that has change streams', () => {
    expect(services.mongodb?.command).toContain('--replSet');
    expect(services.mongodb?.healthcheck?.test?.join(' ')).toContain('rs.initiate');
  });
});

describe('docker-compose.embedded.yml', () => {
  test('starts one process, with a volume, that stops in its own time', () => {
    const { services, volumes } = compose('docker-compose.embedded.yml');
    expect(Object.keys(services)).toEqual(['annals']);
    for (const service of Object.values(services)) {
      const settings = settingsOf(environmentOf(service));
      expect(settings.EVENTSTORE_URL).toBeUndefined();
      expect(milliseconds(service.stop_grace_period)).toBeGreaterThanOrEqual(graceOf(settings));
      expect(service.volumes.map((volume) => volume.split(':'))).toEqual([[Object.keys(volumes)[0], settings.ANNALS_DATA]]);
    }
  });
});

const Resource = z
  .object({ apiVersion: z.string(), kind: z.string(), metadata: z.object({ name: z.string().optional() }).loose().optional() })
  .loose();
const Probe = z.object({
  httpGet: z.object({ path: z.string(), port: z.string(), httpHeaders: z.array(z.object({ name: z.string(), value: z.string() })) }),
});
const Container = z
  .object({
    image: z.string(),
    env: z.array(z.object({ name: z.string(), value: z.string() })),
    envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }).optional(), secretRef: z.object({ name: z.string() }).optional() })),
    ports: z.array(z.object({ name: z.string(), containerPort: z.int() })),
    readinessProbe: Probe,
    livenessProbe: Probe,
    startupProbe: Probe,
    resources: z.object({ limits: z.object({ memory: z.string() }) }).loose(),
  })
  .loose();
const Labels = z.record(z.string(), z.string());
const Deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z
    .object({
      replicas: z.int(),
      selector: z.object({ matchLabels: Labels }),
      template: z.object({
        metadata: z.object({ labels: Labels }),
        spec: z.object({ enableServiceLinks: z.boolean(), terminationGracePeriodSeconds: z.int(), containers: z.tuple([Container]) }).loose(),
      }),
    })
    .loose(),
});
const Data = z.object({ data: Labels.optional(), stringData: Labels.optional() });

describe('deploy/kubernetes', () => {
  const folder = 'deploy/kubernetes';
  const inFile = (file: string) => parseAllDocuments(read(`${folder}/${file}`), { merge: true }).map((document) => Resource.parse(document.toJS()));
  const kustomization = z
    .object({ resources: z.array(z.string()), images: z.array(z.object({ name: z.string(), newTag: z.string() })) })
    .parse(parse(read(`${folder}/kustomization.yaml`)));
  const resources = kustomization.resources.flatMap(inFile);
  const ofKind = (kind: string) => resources.filter((resource) => resource.kind === kind);
  const deployments = ofKind('Deployment').map((resource) => Deployment.parse(resource).spec);
  const dataOf = (resource: unknown): Record<string, string> => {
    const { data, stringData } = Data.parse(resource);
    return { ...data, ...stringData };
  };
  const [configMap] = ofKind('ConfigMap');
  const [secret] = inFile('secret.template.yaml');
  const environment = ({ template }: (typeof deployments)[number]): Record<string, string> => ({
    ...dataOf(configMap),
    ...Object.fromEntries(Object.keys(dataOf(secret)).map((name) => [name, given[name] ?? 'given'])),
    ...Object.fromEntries(template.spec.containers[0].env.map(({ name, value }) => [name, value])),
  });

  test('applies every file but the template of the secret, which has no values', () => {
    const files = readdirSync(join(root, folder)).filter((file) => file !== 'kustomization.yaml');
    expect([...kustomization.resources, 'secret.template.yaml'].sort()).toEqual(files.sort());
    expect(new Set(Object.values(dataOf(secret)))).toEqual(new Set(['']));
  });

  test('starts two processes of each role, with settings with which they can start', () => {
    const settings = deployments.map((deployment) => settingsOf(environment(deployment)));
    expect(deployments.map(({ replicas }, index) => [settings[index]?.ANNALS_ROLE, replicas])).toEqual([
      ['api', 2],
      ['workers', 2],
    ]);
    expect(settings.flatMap(problemsOf)).toEqual([]);
  });

  test('takes the settings from the map and the secret that are there, and no names that Kubernetes makes up', () => {
    for (const { template } of deployments) {
      const [{ envFrom }] = template.spec.containers;
      expect(envFrom.map(({ configMapRef, secretRef }) => configMapRef?.name ?? secretRef?.name)).toEqual([
        configMap?.metadata?.name,
        secret?.metadata?.name,
      ]);
      expect(template.spec.enableServiceLinks).toBe(false);
    }
  });

  test('lets each process stop in its own time', () => {
    for (const deployment of deployments)
      expect(deployment.template.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(graceOf(settingsOf(environment(deployment))));
  });

  test('probes the port at which the process listens, under a name under which it answers', () => {
    for (const deployment of deployments) {
      const [{ ports, readinessProbe, livenessProbe, startupProbe }] = deployment.template.spec.containers;
      const port = ports.find(({ name }) => name === readinessProbe.httpGet.port)?.containerPort;
      expect(port).toBe(settingsOf(environment(deployment)).ANNALS_PORT);
      expect([readinessProbe, livenessProbe, startupProbe].map(({ httpGet }) => httpGet.path)).toEqual([
        '/health/ready',
        '/health/live',
        '/health/live',
      ]);
      for (const { httpGet } of [readinessProbe, livenessProbe, startupProbe]) {
        const host = httpGet.httpHeaders.find(({ name }) => name === 'Host')?.value ?? '';
        const request = { headers: { host }, headersDistinct: { host: [host] }, socket: { localPort: port } };
        expect(createDoors({}).isListedHost(request as never)).toBe(true);
      }
    }
  });

  test('selects its own pods in the service, the budgets and the policies', () => {
    const labels = deployments.map(({ template }) => template.metadata.labels);
    for (const { selector, template } of deployments) expect(template.metadata.labels).toEqual(selector.matchLabels);
    const Selecting = z.object({
      spec: z.object({
        selector: Labels.or(z.object({ matchLabels: Labels })).optional(),
        podSelector: z.object({ matchLabels: Labels }).optional(),
      }),
    });
    const selectors = [...ofKind('Service'), ...ofKind('PodDisruptionBudget'), ...ofKind('NetworkPolicy')].map((resource) => {
      const { selector, podSelector } = Selecting.parse(resource).spec;
      const found = selector ?? podSelector ?? {};
      return Labels.parse('matchLabels' in found ? found.matchLabels : found);
    });
    expect(selectors.length).toBe(5);
    for (const selector of selectors)
      expect(
        labels.some((each) => Object.entries(selector).every(([name, value]) => each[name] === value)),
        JSON.stringify(selector),
      ).toBe(true);
  });

  test('names the image of this release', () => {
    expect(kustomization.images).toMatchObject([{ name: 'annals', newTag: version }]);
    expect(deployments.map(({ template }) => template.spec.containers[0].image)).toEqual(['annals', 'annals']);
  });
});
