/** A browser as far as logging in needs one: it keeps cookies by name, and goes where it is sent when told to. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  get(url: string, headers?: Record<string, string>): Promise<Response>;
  send(method: string, url: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Follows redirects to the end. */
  go(url: string, headers?: Record<string, string>): Promise<{ readonly url: string; readonly response: Response }>;
}

export function newVisitor(): Visitor {
  const cookies = new Map<string, string>();
  const call = async (url: string, init: RequestInit): Promise<Response> => {
    const { host } = new URL(url);
    const cookie = [...cookies]
      .flatMap(([name, value]) => (name.startsWith(`${host} `) ? [`${name.slice(host.length + 1)}=${value}`] : []))
      .join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...(cookie ? { cookie } : {}), ...(init.headers as object) } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const name = `${host} ${pair.slice(0, at)}`;
      if (attributes.some((each) => /^\s*max-age=0$/i.test(each) || /expires=Thu, 01 Jan 1970/i.test(each))) cookies.delete(name);
      else cookies.set(name, pair.slice(at + 1));
    }
    return response;
  };
  return {
    cookies,
    get: (url, headers = {}) => call(url, { headers }),
    send: (method, url, body, headers = {}) =>
      call(url, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json', origin: new URL(url).origin, ...headers } }),
    async go(start, headers = {}) {
      let url = start;
      for (let steps = 0; steps < 20; steps++) {
        const response = await call(url, { headers });
        const location = response.headers.get('location');
        if (location === null) return { url, response };
        url = new URL(location, url).href;
        if (new URL(url).pathname.startsWith('/app/')) return { url, response };
      }
      throw new Error(`Too many redirects from ${start}.`);
    },
  };
}
