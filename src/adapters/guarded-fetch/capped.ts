/** More came than may be taken. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  readonly code = 'TooLarge';
}

/** The end of one event in a stream of them. */
const ENDS = ['\n\n', '\r\n\r\n', '\r\r'].map((text) => Buffer.from(text));

/** The answer, with a body that breaks off after that many bytes; of a stream of events that is the limit for each of them. */
export function capped(response: Response, bytes: number, onCut: () => void): Response {
  const { body } = response;
  if (!body) return response;
  const events = response.headers.get('content-type')?.includes('text/event-stream') ?? false;
  let count = 0;
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const end = events ? endOfEvent(chunk) : -1;
      count = end < 0 ? count + chunk.byteLength : chunk.byteLength - end;
      if (count > bytes) {
        onCut();
        controller.error(new TooLarge(`The answer is larger than ${Math.round(bytes / 1024)} KB.`));
      } else controller.enqueue(chunk);
    },
  });
  const { status, statusText, headers } = response;
  const copy = new Response(body.pipeThrough(counting), { status, statusText, headers });
  Object.defineProperty(copy, 'url', { value: response.url });
  return copy;
}

/** Where what follows the last whole event begins; -1: none ends here. */
function endOfEvent(chunk: Uint8Array): number {
  const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Math.max(
    ...ENDS.map((end) => {
      const at = text.lastIndexOf(end);
      return at < 0 ? -1 : at + end.length;
    }),
  );
}
