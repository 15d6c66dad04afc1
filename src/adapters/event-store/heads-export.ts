import { statSync } from 'node:fs';
import type { DocumentStore } from '../document-store/port.ts';
import type { Evidence, Leaves, SignedHead } from '../evidence/port.ts';
import { type HeadKey, isSignedBy, publicKeyText, saidOfHead, signHead } from './heads.ts';
import { appendHeads, readHeads } from './heads-file.ts';
import { headState, type KeptTree } from './heads-state.ts';
import { leafOf } from './leaf.ts';
import { compactTree, consistencyRanges, inclusionRanges, type LeafRange, leafHash, rangeRoots } from './merkle.ts';
import { type Position, START } from './port.ts';

export interface HeadsParts {
  readonly leaves: Leaves;
  readonly state: DocumentStore;
  readonly epoch: () => Promise<string>;
  readonly key: HeadKey;
  /** Names the installation in its heads. */
  readonly installation: string;
  /** Where heads are exported to, one a line; its folder must be there. */
  readonly file?: string | undefined;
  readonly now: () => Date;
}

export interface Heads extends Evidence {
  /**
   * Signs and exports a head over everything stored by now, once the log has been shown to begin with what the last head describes. Answers it, or nothing
   * when the log has not grown. Rejects when the signal ends it, and with `HeadsRefused` when the log is another, or the file cannot be used.
   */
  sign(signal?: AbortSignal): Promise<SignedHead | undefined>;
}

/** No head was signed, and none will be until somebody has looked at it; the message is a sentence for whoever runs the server. */
export class HeadsRefused extends Error {
  override readonly name = 'HeadsRefused';
}

export function createHeads({ leaves, state, epoch, key, installation, file, now }: HeadsParts): Heads {
  const kept = headState(state);
  const exported = file === undefined ? undefined : exportFile(file, (head) => isOurs(head));
  const isOurs = (head: SignedHead): boolean => head.installation === installation && isSignedBy(head, key.publicKey);

  /** The tree as it was at the last head, unless it knows nothing of what was exported. */
  const begin = async (known: KeptTree | undefined, anchors: readonly SignedHead[]): Promise<KeptTree> => {
    const size = known?.tree.size() ?? 0;
    const inIt = await Promise.all(
      anchors.filter((head) => head.size <= size).map(async (head) => (await kept.ofSize(head.size))?.rootHash === head.rootHash),
    );
    return known && inIt.every(Boolean) ? known : { position: START, tree: compactTree() };
  };

  /** The tree over everything stored by now, which begins with the trees of these heads. */
  const grow = async (from: KeptTree, anchors: readonly SignedHead[], signal: AbortSignal | undefined): Promise<KeptTree> => {
    const { tree } = from;
    let position: Position = from.position;
    const compare = (): void => {
      for (const head of anchors) {
        if (head.size === tree.size() && head.rootHash !== tree.root().toString('hex'))
          throw new HeadsRefused(
            `The log is not the one that ${saidOfHead(head)} describes: see what "annals verify" finds. No head is signed over it.`,
          );
      }
    };
    compare();
    for await (const { leaves: batch, seen } of leaves.after(position, signal)) {
      for (const leaf of batch) {
        tree.append(leafHash(leaf));
        compare();
      }
      position = seen;
    }
    signal?.throwIfAborted();
    const cut = anchors.find((head) => head.size > tree.size());
    if (cut)
      throw new HeadsRefused(
        `The log has ${tree.size()} events, fewer than ${saidOfHead(cut)}: it has been cut, or an older one put back. No head is signed over it.`,
      );
    return { position, tree };
  };

  const signOnce = async (signal: AbortSignal | undefined): Promise<SignedHead | undefined> => {
    const life = await epoch();
    const known = await kept.open(life);
    const [lastKept, lastExported] = [await kept.last(), exported?.last()];
    const anchors = [lastKept, lastExported].filter((head) => head !== undefined);
    const grown = await grow(await begin(known, anchors), anchors, signal);
    const { tree } = grown;
    const signed = Math.max(0, ...anchors.map(({ size }) => size));
    const head =
      tree.size() > signed
        ? signHead({ size: tree.size(), rootHash: tree.root().toString('hex'), time: now().toISOString(), installation }, key.privateKey)
        : undefined;
    const added = head ? [head] : [];
    const [keptSize, exportedSize] = [lastKept?.size ?? 0, lastExported?.size ?? 0];
    const notExported = exported && keptSize > exportedSize ? await kept.after(exportedSize) : [];
    const notKept = exported && exportedSize > keptSize ? exported.after(keptSize) : [];
    exported?.append([...notExported, ...added]);
    if (added.length + notKept.length > 0) await kept.save(life, [...notKept, ...added], grown);
    return head;
  };

  const rootsOf = async (ranges: readonly LeafRange[]): Promise<readonly string[]> => {
    const end = Math.max(0, ...ranges.map(({ to }) => to));
    const collected = rangeRoots(ranges);
    let index = 0;
    for await (const { leaves: batch } of leaves.after(START)) {
      if (index >= end) break;
      for (const leaf of batch) collected.add(leafHash(leaf));
      index += batch.length;
    }
    return collected.roots().map((root) => root.toString('hex'));
  };

  return {
    publicKey: publicKeyText(key.publicKey),
    installation,
    heads: kept.page,
    problem: kept.problem,
    async sign(signal) {
      try {
        const head = await signOnce(signal);
        await kept.setProblem(undefined, now());
        return head;
      } catch (error) {
        if (error instanceof HeadsRefused) await kept.setProblem(error.message, now());
        throw error;
      }
    },
    async include({ stream, revision, size }) {
      const head = size === undefined ? await kept.last() : await kept.ofSize(size);
      const found = await leaves.find(stream, revision);
      if (!found) return 'NoEvent';
      if (!head || found.index >= head.size) return 'NoHead';
      return { ...found, leaf: leafOf(found.event).toString('hex'), head, path: await rootsOf(inclusionRanges(found.index, head.size)) };
    },
    async consistency(from, to) {
      const [older, newer] = await Promise.all([kept.ofSize(from), kept.ofSize(to)]);
      if (!older || !newer || from > to) return 'NoHead';
      return { from: older, to: newer, path: await rootsOf(consistencyRanges(from, to)) };
    },
  };
}

interface ExportFile {
  last(): SignedHead | undefined;
  /** Those over more events than that. */
  after(size: number): readonly SignedHead[];
  append(heads: readonly SignedHead[]): void;
}

/** Reads the file again only when somebody else has changed it. */
function exportFile(file: string, isOurs: (head: SignedHead) => boolean): ExportFile {
  let bytes = -1;
  let last: SignedHead | undefined;
  const usable = <Result>(use: () => Result): Result => {
    try {
      return use();
    } catch (error) {
      if (error instanceof HeadsRefused) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new HeadsRefused(
        `Heads of the log cannot be exported to ${file} (${why}): let the server's user read and append to it, or name another file.`,
      );
    }
  };
  const sizeNow = (): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    last: () =>
      usable(() => {
        if (sizeNow() === bytes) return last;
        last = readHeads(file).heads.at(-1);
        if (last && !isOurs(last))
          throw new HeadsRefused(
            `${file} ends with a head that this installation has not signed: name another file in ANNALS_HEADS_FILE, and look into it.`,
          );
        bytes = sizeNow();
        return last;
      }),
    after: (size) => usable(() => readHeads(file).heads.filter((head) => head.size > size && isOurs(head))),
    append: (heads) =>
      usable(() => {
        if (heads.length === 0) return;
        appendHeads(file, heads);
        last = heads.at(-1);
        bytes = sizeNow();
      }),
  };
}
