import { useEffect, useState } from 'react';
import { z } from 'zod';
import { request } from '../../api.ts';
import { toast } from '../../ui/toasts.tsx';
import { Act } from '../parts.tsx';
import type { Server } from './tool-servers.ts';

const at = (serverId: string, rest: string) => `/api/mcp/servers/${encodeURIComponent(serverId)}${rest}`;

/** Goes to where the person logs in; the browser comes back to this page. */
async function connect(serverId: string): Promise<void> {
  const { authorizationUrl } = await request(at(serverId, '/authorize'), z.object({ authorizationUrl: z.url({ protocol: /^https?$/ }) }), {
    method: 'POST',
  });
  location.assign(authorizationUrl);
}

/** Of a server where each person logs in for itself. */
export function Login({ server: { id, slug, login }, done }: { server: Server; done: () => void }) {
  if (!login) return null;
  if (!login.connected) return <Act label="Connect" act={() => connect(id)} done={() => undefined} />;
  return (
    <Act
      label="Disconnect"
      confirm={`Forget your login at ${slug}?`}
      act={() => request(at(id, '/authorization'), z.unknown(), { method: 'DELETE' })}
      done={done}
    />
  );
}

/** What an authorization server has sent the browser back with, handed on once, and out of the address at once. */
export function useReturn(done: () => void): boolean {
  const [returning, setReturning] = useState(() => new URLSearchParams(location.hash.slice(1)).has('state'));
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, whatever `done` is then
  useEffect(() => {
    const answer = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    if (answer.state === undefined) return;
    history.replaceState(history.state, '', location.pathname);
    request('/api/mcp/logins', z.unknown(), { method: 'POST', body: answer })
      .then(done, (error: unknown) => toast((error as Error).message))
      .finally(() => setReturning(false));
  }, []);
  return returning;
}
