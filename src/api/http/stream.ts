import type { ServerResponse } from 'node:http';

export interface StreamOptions {
  readonly status?: number;
  /** `content-type` among them; the rest that streams need is added. */
  readonly headers: Readonly<Record<string, string>>;
  /** Ends the stream: the request's own signal, at least. */
  readonly signal: AbortSignal;
  readonly frames: AsyncIterable<string>;
  /** How long a stream may be silent before `keepAlive` is sent, in ms. Default 15 s. */
  readonly keepAliveMs?: number;
  /** Default: an SSE comment for event streams, nothing for anything else. */
  readonly keepAlive?: string;
  /** A reader that has more than `maxBuffered` bytes waiting, or anything at all, and takes nothing for this long is cut off. Default 30 s. */
  readonly stallMs?: number;
  /** A reader with so many bytes waiting that still takes nothing for a tenth of `stallMs` is cut off. Default 1 MB. */
  readonly maxBuffered?: number;
}

export const sseHeaders: Readonly<Record<string, string>> = { 'content-type': 'text/event-stream; charset=utf-8' };

/** One server-sent event; the data goes out as JSON in one line. */
export const sse = (data: unknown, id?: string): string => `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

const noneLeft = Symbol('none left');
const silent = Symbol('silent');

/**
 * Sends frames as they come, at the reader's pace. Ends with the frames, with the signal or when the client goes away; that ends the reading, never what
 * is read. Rejects when the frames throw, with the response cut off so that the client does not take it for whole.
 */
export async function sendStream(res: ServerResponse, options: StreamOptions): Promise<void> {
  const { status = 200, headers, signal, frames, keepAliveMs = 15_000 } = options;
  const keepAlive = options.keepAlive ?? (headers['content-type']?.startsWith('text/event-stream') ? ': keep-alive\n\n' : '');
  res.writeHead(status, { 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no', ...headers });
  res.flushHeaders();
  if (res.req.method === 'HEAD') return void res.end();

  const gone = new AbortController();
  const leave = (): void => gone.abort();
  res.on('close', leave);
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  const iterator = frames[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    while (!gone.signal.aborted) {
      const outcome = await soonest(next, keepAlive === '' ? undefined : keepAliveMs, gone.signal);
      if (outcome === noneLeft || (outcome !== silent && outcome.done)) break;
      if (!(await write(res, outcome === silent ? keepAlive : outcome.value, gone.signal, options))) break;
      if (outcome !== silent) next = iterator.next();
    }
    if (!res.destroyed) res.end();
  } catch (error) {
    res.destroy();
    throw error;
  } finally {
    res.off('close', leave);
    signal.removeEventListener('abort', leave);
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** The next frame, or that there was none for so long, or that nobody is left to read it. */
function soonest<Frame>(next: Promise<Frame>, ms: number | undefined, gone: AbortSignal): Promise<Frame | typeof silent | typeof noneLeft> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: Frame | typeof silent | typeof noneLeft): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', left);
      resolve(outcome);
    };
    const left = (): void => settle(noneLeft);
    const timer = ms === undefined ? undefined : setTimeout(settle, ms, silent);
    gone.addEventListener('abort', left);
    next.then(settle, (error: unknown) => {
      reject(error);
      left();
    });
  });
}

/** False when the reader is gone, or has been cut off because it takes nothing. */
function write(
  res: ServerResponse,
  frame: string,
  gone: AbortSignal,
  { stallMs = 30_000, maxBuffered = 1024 * 1024 }: StreamOptions,
): Promise<boolean> {
  if (frame === '' || res.write(frame)) return Promise.resolve(!gone.aborted);
  return new Promise((resolve) => {
    const settle = (taken: boolean): void => {
      clearTimeout(timer);
      res.off('drain', drained);
      gone.removeEventListener('abort', left);
      if (!taken) res.destroy();
      resolve(taken);
    };
    const drained = (): void => settle(!gone.aborted);
    const left = (): void => settle(false);
    let waiting = res.writableLength;
    const patience = (): number => (waiting > maxBuffered ? stallMs / 10 : stallMs);
    const look = (): void => {
      if (res.writableLength >= waiting) settle(false);
      else {
        waiting = res.writableLength;
        timer = setTimeout(look, patience());
      }
    };
    let timer = setTimeout(look, patience());
    res.on('drain', drained);
    gone.addEventListener('abort', left);
  });
}
