import { z } from 'zod';
import type { DocumentStore, StoredDocument } from '../document-store/port.ts';
import { type HeadsPage, SignedHead } from '../evidence/port.ts';
import { type CompactTree, compactTree } from './merkle.ts';
import type { Position } from './port.ts';

export interface KeptTree {
  /** Of the last event in it. */
  readonly position: Position;
  readonly tree: CompactTree;
}

/** The heads that were signed, and the tree they were signed over, where every process finds them. A copy: what counts is what was exported. */
export interface HeadState {
  /** Of this life of the log; what belongs to another is forgotten. */
  open(epoch: string): Promise<KeptTree | undefined>;
  last(): Promise<SignedHead | undefined>;
  ofSize(size: number): Promise<SignedHead | undefined>;
  /** Those over more events than that, the oldest first. */
  after(size: number): Promise<readonly SignedHead[]>;
  page(page: { readonly limit: number; readonly after?: string }): Promise<HeadsPage>;
  save(epoch: string, heads: readonly SignedHead[], kept: KeptTree): Promise<void>;
  problem(): Promise<string | undefined>;
  setProblem(problem: string | undefined, now: Date): Promise<void>;
}

const HEADS = 'heads@1';
const STATUS = 'heads-status@1';
const STATUS_ID = 'status';
const PAGE = 1000;
const Meta = z.object({ size: z.number(), subtrees: z.array(z.string()) });
const Status = z.object({ problem: z.string().nullable() });
const digits = (count: number): string => String(count).padStart(20, '0');
const headOf = ({ doc }: StoredDocument): SignedHead => SignedHead.parse(doc);

export function headState(state: DocumentStore): HeadState {
  let opening: Promise<unknown> | undefined;
  const opened = async (): Promise<DocumentStore> => {
    opening ??= Promise.all([state.open(HEADS, []), state.open(STATUS, [])]);
    await opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return state;
  };
  const page: HeadState['page'] = async (options) => {
    const { documents, next } = await (await opened()).find(HEADS, {}, { sort: [['_id', 'desc']], ...options });
    return { heads: documents.map(headOf), ...(next === undefined ? {} : { next }) };
  };
  const problem = async (): Promise<string | undefined> => {
    const found = (await (await opened()).getMany(STATUS, [STATUS_ID])).get(STATUS_ID);
    return (found && Status.parse(found.doc).problem) ?? undefined;
  };
  return {
    async open(epoch) {
      const checkpoint = await (await opened()).checkpoint(HEADS);
      if (checkpoint === undefined) return undefined;
      if (checkpoint.epoch !== epoch) {
        await state.drop(HEADS);
        await state.open(HEADS, []);
        return undefined;
      }
      const { size, subtrees } = Meta.parse(checkpoint.meta);
      const tree = compactTree(
        size,
        subtrees.map((hash) => Buffer.from(hash, 'hex')),
      );
      return { position: checkpoint.position, tree };
    },
    last: async () => (await page({ limit: 1 })).heads[0],
    async ofSize(size) {
      const found = (await (await opened()).getMany(HEADS, [digits(size)])).get(digits(size));
      return found && headOf(found);
    },
    async after(size) {
      const heads: SignedHead[] = [];
      let cursor: string | undefined;
      do {
        const options = { limit: PAGE, ...(cursor === undefined ? {} : { after: cursor }) };
        const { documents, next } = await (await opened()).find(HEADS, { _id: { gt: digits(size) } }, options);
        heads.push(...documents.map(headOf));
        cursor = next;
      } while (cursor !== undefined);
      return heads;
    },
    page,
    async save(epoch, heads, { position, tree }) {
      const puts = heads.map((head) => ({ kind: 'put', id: digits(head.size), position, doc: { ...head } }) as const);
      const meta = { size: tree.size(), subtrees: tree.subtrees().map((hash) => hash.toString('hex')) };
      await (await opened()).commit(HEADS, puts, { position, epoch, meta });
    },
    problem,
    async setProblem(now, at) {
      if ((await problem()) === now) return;
      const position = digits(at.getTime());
      await state.commit(STATUS, [{ kind: 'put', id: STATUS_ID, position, doc: { problem: now ?? null } }], { position, epoch: 'heads' });
    },
  };
}
