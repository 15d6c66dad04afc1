import type { McpCall, McpConnection, McpError, McpPrior, McpResult } from '../../adapters/mcp/port.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { NamedServer } from '../../domain/mcp/server.ts';
import type { McpState, McpStatus } from '../../domain/mcp/status.ts';
import { noTrial } from '../../domain/mcp/trial.ts';
import { fail, isErrorResult, type McpPool, type PoolParts, patiently, type Use, whyNotStarted } from './pool-parts.ts';
import { whomToEnd } from './room.ts';
import { backoffMs, newSlot, noteCall, noteTrial, priorKey, type Slot, slotKey, stateAfter, statusOf, whyDegraded, whyWaiting } from './slot.ts';
import { createSlotLogins, isAboutLogin } from './slot-login.ts';

export function createMcpPool(parts: PoolParts): McpPool {
  const { connector, registry, access, limits, now = () => performance.now(), time = () => new Date(), chance = Math.random } = parts;
  const slots = new Map<string, Slot>();
  const priors = new Map<string, McpPrior>();
  const stopped = new AbortController();
  /** Calls that are under way over a connection, which may be the slot's no more. */
  const users = new WeakMap<McpConnection, number>();

  const show = (slot: Slot): McpStatus => statusOf(slot, priors.get(priorKey(slot)), now(), time());
  const enter = (slot: Slot, state: McpState, reason?: string): void => {
    if (slot.state !== state) slot.since = now();
    slot.state = state;
    if (reason === undefined) delete slot.reason;
    else slot.reason = reason;
    parts.onStatus(show(slot));
  };
  const settle = (slot: Slot): void => {
    const reason = whyDegraded(slot);
    const state = reason === undefined ? 'ready' : 'degraded';
    if (slot.state !== state || slot.reason !== reason) enter(slot, state, reason);
  };

  const slotFor = (server: NamedServer, person: PersonId): Slot => {
    const key = slotKey(server, person);
    const known = slots.get(key);
    if (known) return known;
    for (const slot of slots.values()) if (slot.person === person && slot.server.serverId === server.serverId) void discard(slot);
    const slot = newSlot(server, person, now());
    parts.onNew(server, person);
    slots.set(key, slot);
    return slot;
  };
  const discard = async (slot: Slot): Promise<void> => {
    slots.delete(slot.key);
    await disconnect(slot);
  };
  const end = (ending: readonly Slot[], state: (slot: Slot) => McpState): Promise<unknown> =>
    Promise.all(
      ending.map(async (slot) => {
        await discard(slot);
        enter(slot, state(slot));
      }),
    );
  const disconnect = async (slot: Slot): Promise<void> => {
    const { connection } = slot;
    delete slot.connection;
    await connection?.close();
  };

  const rest = (idle: readonly Slot[]): Promise<unknown> =>
    Promise.all(
      idle.map(async (slot) => {
        await disconnect(slot);
        enter(slot, 'registered');
      }),
    );

  const room = async (slot: Slot): Promise<boolean> => {
    const ending = whomToEnd([...slots.values()], slot, limits);
    await rest(ending ?? []);
    return ending !== undefined;
  };

  const { needsAuth, targetFor, hasNewLogin } = createSlotLogins(access, enter);

  const connect = async (slot: Slot): Promise<McpResult<McpConnection>> => {
    const { server } = slot;
    const failed = async (error: McpError): Promise<McpResult<McpConnection>> => {
      if (isAboutLogin(slot, error)) return needsAuth(slot, error);
      slot.failures += 1;
      noteTrial(slot, {}, slot.trial.failures + 1);
      slot.nextTry = now() + backoffMs(slot.failures, chance());
      enter(slot, stateAfter(slot.failures), error.message);
      return { ok: false, error };
    };
    if (!(await room(slot))) return fail('Busy', 'As many connections to tool servers as may be are in use: try again in a moment.');
    enter(slot, 'connecting');
    const opened = await registry.open(server);
    if (!opened) return failed({ code: 'Forbidden', message: 'Its registration cannot be read any more: register it anew.', sent: false });
    const authorized = await targetFor(slot, opened.target);
    if (!authorized.ok) return failed(authorized.error);
    const target = authorized.value;
    const forbidden = whyNotStarted(target, parts.commands);
    if (forbidden) return failed({ code: 'Forbidden', message: forbidden, sent: false });
    slot.stale = false;
    const onInstall = () => enter(slot, 'connecting', 'Its package is being installed.');
    const launched = await parts.launch(server, target, { signal: stopped.signal, onInstall });
    if (!launched.ok) return failed(launched.error);
    const { release, notApart } = launched.value;
    if (slot.reason !== undefined) enter(slot, 'connecting');
    slot.notApart = notApart;
    if (slot.release !== release) Object.assign(slot, { release, trial: noTrial });
    const began = now();
    const prior = priors.get(priorKey(slot));
    const connected = await connector.connect(launched.value.target, {
      signal: stopped.signal,
      timeoutMs: limits.connectMs,
      ...(prior ? { prior } : {}),
      onChanged: () => void list(slot).catch(() => undefined),
    });
    const ms = Math.round(now() - began);
    const version = connected.ok ? connected.value.facts.protocolVersion : undefined;
    parts.onEvent?.({ type: 'connect', server, ms, ...(connected.ok ? {} : { error: connected.error.code }), ...(version ? { version } : {}) });
    if (!connected.ok)
      return failed(notApart === undefined ? connected.error : { ...connected.error, message: `${connected.error.message} ${notApart}` });
    const connection = connected.value;
    if (stopped.signal.aborted || slots.get(slot.key) !== slot) {
      await connection.close();
      return fail('Closed', 'The connection is not wanted any more.');
    }
    if (slot.stale) {
      await connection.close();
      return connect(slot);
    }
    noteTrial(slot, {}, 0);
    priors.set(priorKey(slot), connection.facts.prior);
    if (slot.connectMs !== undefined) slot.reconnects += 1;
    Object.assign(slot, { connection, connectMs: ms, failures: 0, recent: [] });
    void connection.closed.then((why) => {
      parts.onEvent?.({ type: 'session', server, ms: Math.round(now() - began) });
      if (slot.connection !== connection) return;
      // It has ended by itself.
      delete slot.connection;
      slot.failures += 1;
      noteTrial(slot, { crashes: 1 });
      slot.nextTry = now() + backoffMs(slot.failures, chance());
      enter(slot, 'backoff', why);
    });
    settle(slot);
    void list(slot).catch(() => undefined);
    return { ok: true, value: connection };
  };

  /** One connect at a time; within a backoff none, unless somebody insists. */
  const connected = async (slot: Slot, insist: boolean): Promise<McpResult<McpConnection>> => {
    if (slot.connection) return { ok: true, value: slot.connection };
    if (stopped.signal.aborted) return fail('Closed', 'The server is about to stop.');
    if (!slot.server.enabled) {
      enter(slot, 'disabled');
      return fail('Forbidden', 'The tool server is switched off.');
    }
    if (!insist && slot.state === 'needs_auth' && !(await hasNewLogin(slot))) return fail('NeedsAuth', slot.reason ?? 'The server wants a login.');
    if (!insist && !slot.connecting && now() < slot.nextTry) return fail('Unreachable', whyWaiting(slot, now()));
    slot.connecting ??= connect(slot).finally(() => {
      delete slot.connecting;
    });
    return slot.connecting;
  };

  const callMs = ({ server }: Slot): number => server.timeoutMs ?? limits.callMs;
  const callOf = (slot: Slot, { signal, onProgress }: Pick<Use, 'signal' | 'onProgress'>): McpCall => ({
    signal: AbortSignal.any([signal, stopped.signal]),
    timeoutMs: callMs(slot),
    ...(onProgress ? { onProgress } : {}),
  });

  /** Lists are read one after the other; who comes while one is read gets the next. */
  const list = async (slot: Slot): Promise<McpResult<undefined>> => {
    await slot.listing?.catch(() => undefined);
    const { connection } = slot;
    if (!connection) return fail('Closed', 'There is no connection.');
    const listing = (async (): Promise<McpResult<undefined>> => {
      const began = now();
      const lists = await connection.lists(callOf(slot, { signal: stopped.signal }));
      const error = lists.ok ? {} : { error: lists.error.code };
      parts.onEvent?.({ type: 'operation', server: slot.server, method: 'tools/list', ms: Math.round(now() - began), ...error });
      if (!lists.ok) {
        if (slot.connection === connection && isAboutLogin(slot, lists.error)) {
          await disconnect(slot);
          return needsAuth(slot, lists.error);
        }
        if (slot.connection === connection) enter(slot, 'degraded', `Its lists could not be read: ${lists.error.message}`);
        return lists;
      }
      // What another release offers by now is not for this connection to say.
      if (slot.stale || (slot.connection && slot.connection !== connection)) return fail('Closed', 'Another connection has taken its place.');
      const position = await parts.onLists(slot.server, slot.person, connection.facts, lists.value);
      Object.assign(slot, { position, tools: lists.value.tools.length, broken: lists.value.broken });
      if (slot.connection === connection) settle(slot);
      return { ok: true, value: undefined };
    })();
    slot.listing = listing;
    return listing.finally(() => {
      if (slot.listing === listing) delete slot.listing;
    });
  };

  const used = async <Value>(
    slot: Slot,
    use: Use,
    work: (connection: McpConnection, call: McpCall) => Promise<McpResult<Value>>,
  ): Promise<McpResult<Value>> => {
    const { connection } = slot;
    if (!connection) return fail('Closed', 'There is no connection.');
    const began = now();
    slot.active += 1;
    users.set(connection, (users.get(connection) ?? 0) + 1);
    const result = await work(connection, callOf(slot, use)).finally(() => {
      slot.active -= 1;
      slot.usedAt = now();
      const left = (users.get(connection) ?? 1) - 1;
      users.set(connection, left);
      if (left === 0 && slot.connection !== connection) void connection.close();
    });
    const ms = Math.round(now() - began);
    const { method, tool } = use;
    const version = connection.facts.protocolVersion;
    parts.onEvent?.({
      type: 'operation',
      ...{ server: slot.server, method, ms, version },
      ...(tool ? { tool } : {}),
      ...(result.ok ? {} : { error: result.error.code }),
    });
    const fault = !result.ok && result.error.code !== 'Cancelled' && result.error.code !== 'Refused';
    noteCall(slot, ms, !fault);
    noteTrial(slot, { calls: 1, errors: fault || (result.ok && isErrorResult(result.value)) ? 1 : 0 });
    if (!result.ok && isAboutLogin(slot, result.error)) {
      await disconnect(slot);
      return needsAuth(slot, result.error);
    }
    if (!result.ok && result.error.code === 'Closed' && slot.connection === connection) {
      await disconnect(slot);
      enter(slot, 'registered', result.error.message);
    } else if (slot.connection) settle(slot);
    return result;
  };

  return {
    async use(server, person, use, work) {
      const slot = slotFor(server, person);
      for (let attempt = 0; ; attempt++) {
        const there = await patiently(connected(slot, attempt > 0), { signal: use.signal, ms: callMs(slot), why: () => slot.reason });
        if (!there.ok) return there;
        const result = await used(slot, use, work);
        // A server that has been started anew knows the session no more: once more, where that does nothing twice.
        const again = !result.ok && result.error.code === 'Closed' && (use.repeatable || !result.error.sent);
        if (!again || attempt > 0 || use.signal.aborted) return result;
      }
    },
    async refresh(server, person, requestId) {
      const slot = slotFor(server, person);
      const there = await connected(slot, true);
      const listed = there.ok ? await list(slot) : there;
      slot.refreshed = [...slot.refreshed.slice(-4), requestId];
      parts.onStatus(show(slot));
      return listed;
    },
    async drop(keep) {
      const gone = [...slots.values()].filter(({ server, person, key }) => {
        const kept = keep(server, person);
        return kept === undefined || !kept.enabled || slotKey(kept, person) !== key;
      });
      await end(gone, ({ server, person }) => (keep(server, person)?.enabled === false ? 'disabled' : 'registered'));
    },
    async loggedIn(serverId, person, login) {
      const others = [...slots.values()].filter((slot) => slot.server.serverId === serverId && slot.person === person && slot.login !== login);
      await end(others, () => 'registered');
    },
    async renew(serverId) {
      const all = [...slots.values()].filter(({ server }) => server.serverId === serverId);
      const inUse = all.filter(({ connection, listing }) => connection || listing);
      await Promise.all(
        all.map(async (slot) => {
          const { connection } = slot;
          delete slot.connection;
          priors.delete(priorKey(slot));
          Object.assign(slot, { stale: true, failures: 0, nextTry: 0 });
          if (connection && !users.get(connection)) await connection.close();
          if (!slot.connecting) enter(slot, slot.server.enabled ? 'registered' : 'disabled');
        }),
      );
      // What was about to be written down of the old release may have come after what the new one offers: that is read once more.
      await Promise.all(all.map(({ listing }) => listing?.catch(() => undefined)));
      const again = inUse.find((slot) => slots.get(slot.key) === slot);
      if (again && (await connected(again, true)).ok) await list(again);
    },
    statuses: () => [...slots.values()].map(show),
    async sweep() {
      const idle = [...slots.values()].filter(({ connection, active, usedAt }) => connection && active === 0 && now() - usedAt > limits.idleMs);
      await rest(idle);
    },
    async close() {
      stopped.abort();
      const all = [...slots.values()];
      slots.clear();
      await Promise.all(all.map((slot) => Promise.all([slot.connecting?.catch(() => undefined), disconnect(slot)])));
    },
  };
}
