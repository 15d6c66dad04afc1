import { pipeline, Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ArchiveRefused } from './tar.ts';

export interface UnpackLimits {
  /** Bytes in all, unpacked. */
  readonly bytes: number;
  /** How many times as much may come out as went in, once that is much at all. */
  readonly ratio: number;
}

/** From how many bytes on the ratio counts: a short text of one letter is no bomb. */
const MUCH = 16 * 1024 * 1024;

/** The bytes of a gzip stream as they come; throws `ArchiveRefused` as soon as they are too many, or when it is none. */
export async function* unpack(packed: AsyncIterable<Uint8Array>, { bytes, ratio }: UnpackLimits): AsyncGenerator<Uint8Array> {
  let read = 0;
  let written = 0;
  const counting = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of packed) {
      // Small pieces, so that a bomb is noticed before much of it is unpacked.
      for (let at = 0; at < chunk.byteLength; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        read += piece.byteLength;
        yield piece;
      }
    }
  };
  const guard = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      written += chunk.length;
      const tooLarge = written > bytes || (written > MUCH && written > read * ratio);
      done(tooLarge ? new ArchiveRefused('ArchiveTooLarge') : null, chunk);
    },
  });
  const source = Readable.from(counting());
  const unpacked = pipeline(source, createGunzip(), guard, () => undefined);
  try {
    yield* unpacked;
  } catch (error) {
    if (error instanceof ArchiveRefused) throw error;
    // What the zlib of Node says about bytes that are no gzip, or too few.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) throw new ArchiveRefused('ArchiveForeign');
    throw error;
  } finally {
    source.destroy();
  }
}

const PIECE = 64 * 1024;
