import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { McpStatus } from '../../domain/mcp/status.ts';
import { ORGANISATION } from '../../domain/provider-key.ts';
import type { PoolEvent } from './pool-parts.ts';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const LONG = [1, 10, 60, 300, 900, 3600, 14_400, 86_400];
const STATES: readonly McpStatus['state'][] = ['registered', 'connecting', 'needs_auth', 'ready', 'degraded', 'backoff', 'failed', 'disabled'];

/** What is anybody's own has no name here. */
const nameOf = ({ owner, slug }: NamedServer): string => (owner === ORGANISATION ? slug : 'own');
const transportOf = ({ transport }: NamedServer): string => (transport === 'stdio' ? 'pipe' : 'tcp');

/**
 * Figures about connections to servers of tools, by the names of OpenTelemetry's conventions for MCP
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/mcp/), with underscores as Prometheus has them. Answers who counts.
 */
export function createMcpMetrics(registry: Registry, statuses: () => readonly McpStatus[]): (event: PoolEvent) => void {
  const registers = [registry];
  const operations = new Histogram({
    name: 'mcp_client_operation_duration_seconds',
    help: 'How long requests to servers of tools took.',
    labelNames: ['mcp_method_name', 'gen_ai_tool_name', 'error_type', 'network_transport', 'mcp_protocol_version', 'server'],
    buckets: SECONDS,
    registers,
  });
  const sessions = new Histogram({
    name: 'mcp_client_session_duration_seconds',
    help: 'How long connections to servers of tools lasted.',
    labelNames: ['network_transport', 'server'],
    buckets: LONG,
    registers,
  });
  const connects = new Histogram({
    name: 'annals_mcp_connect_duration_seconds',
    help: 'How long it took to connect to servers of tools.',
    labelNames: ['error_type', 'network_transport', 'mcp_protocol_version', 'server'],
    buckets: SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'annals_mcp_connect_failures_total',
    help: 'Connects that failed.',
    labelNames: ['error_type', 'server'],
    registers,
  });
  new Gauge({
    name: 'annals_mcp_connections',
    help: 'Connections to servers of tools, by where they stand.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of STATES) this.set({ state }, statuses().filter((status) => status.state === state).length);
    },
  });
  new Gauge({
    name: 'annals_mcp_child_memory_bytes',
    help: 'Memory of the child processes that are servers of tools.',
    registers,
    collect() {
      this.set(statuses().reduce((sum, { memoryBytes = 0 }) => sum + memoryBytes, 0));
    },
  });
  new Gauge({
    name: 'annals_mcp_broken_tools',
    help: 'Tools that cannot be offered because their definition is broken.',
    registers,
    collect() {
      this.set(statuses().reduce((sum, { broken = [] }) => sum + broken.length, 0));
    },
  });

  return (event) => {
    const { server } = event;
    const of = { server: nameOf(server), network_transport: transportOf(server) };
    const seconds = event.ms / 1000;
    if (event.type === 'session') return sessions.observe(of, seconds);
    const error_type = event.error ?? '';
    const mcp_protocol_version = event.version ?? '';
    if (event.type === 'connect') {
      if (event.error !== undefined) failures.inc({ error_type, server: of.server });
      return connects.observe({ ...of, error_type, mcp_protocol_version }, seconds);
    }
    const gen_ai_tool_name = server.owner === ORGANISATION ? (event.tool ?? '') : '';
    operations.observe({ ...of, error_type, mcp_protocol_version, mcp_method_name: event.method, gen_ai_tool_name }, seconds);
  };
}
