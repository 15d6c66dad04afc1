import type { Dependencies } from './releases.ts';
import { type GraphEdge as Edge, type User, usersOf } from './usage.ts';

const [WIDTH, HEIGHT, ACROSS, DOWN, EDGE] = [148, 48, 28, 64, 8];
/** How far the lanes lie from the boxes and from each other, what their labels need, and how lines turn into them. */
const [ASIDE, LANE, LABEL, TURN] = [28, 22, 72, 10];

interface Placed {
  readonly server: string;
  readonly x: number;
  readonly y: number;
}

/** Whoever needs something stands above it. Cycles are cut where they close. */
function placed(names: readonly string[], edges: readonly Edge[]): readonly Placed[] {
  const needs = edges.filter(({ kind }) => kind === 'requires' || kind === 'optional' || kind === 'uses');
  const depthOf = (server: string, above: readonly string[] = []): number =>
    Math.max(0, ...needs.filter(({ to, from }) => to === server && !above.includes(from)).map(({ from }) => 1 + depthOf(from, [...above, server])));
  const layers = Map.groupBy(names, (server) => depthOf(server));
  return [...layers].flatMap(([depth, members]) =>
    members.map((server, index) => ({ server, x: EDGE + index * (WIDTH + ACROSS), y: EDGE + depth * (HEIGHT + DOWN) })),
  );
}

const inks: Readonly<Record<Edge['kind'], string>> = {
  requires: 'var(--color-lapis)',
  optional: 'var(--color-dim)',
  conflicts: 'var(--color-rubric)',
  replaces: 'var(--color-ochre)',
  uses: 'var(--color-dim)',
};
const verbs: Readonly<Record<Edge['kind'], string>> = {
  requires: 'needs',
  optional: 'can use',
  conflicts: 'does not work beside',
  replaces: 'replaces',
  uses: 'uses',
};
const sentence = ({ from, to, kind, label }: Edge, users: ReadonlyMap<string, User>): string =>
  `${users.get(from)?.title ?? from} ${verbs[kind]} ${to}${label === '' ? '' : ` ${label}`}`;

/** Servers that say something of each other, what uses them, and the lines between; the same in words below it. */
export function DependencyGraph({ nodes, edges: said, findings, usage, others }: Dependencies) {
  const users = usersOf(usage, others);
  const edges: readonly Edge[] = [...said, ...[...users.values()].flatMap((user) => user.edges)];
  const words = edges.map((edge) => sentence(edge, users));
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const places = new Map(placed(names, edges).map((each) => [each.server, each]));
  const right = Math.max(...[...places.values()].map(({ x }) => x)) + WIDTH;
  const far = edges.filter(({ from, to }) => {
    const [one, other] = [places.get(from), places.get(to)];
    return one !== undefined && other !== undefined && isFar(one, other);
  });
  const wide = right + (far.length === 0 ? EDGE : ASIDE + far.length * LANE + LABEL);
  const high = Math.max(...[...places.values()].map(({ y }) => y)) + HEIGHT + (far.length === 0 ? EDGE : DOWN / 2);
  const bad = new Set(findings.filter(({ kind }) => kind !== 'name').flatMap(({ server, other }) => [`${server} ${other}`]));
  return (
    <figure>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the page has to be scrolled by keys too */}
      <section className="overflow-x-auto rounded-xl border border-line bg-leaf" aria-label="Graph of the servers" tabIndex={0}>
        <svg width={wide} height={high} viewBox={`0 0 ${wide} ${high}`} role="img" aria-label={words.join('. ')}>
          <defs>
            {Object.entries(inks).map(([kind, ink]) => (
              <marker key={kind} id={`end-${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
                <path d="M0 0 8 4 0 8z" fill={ink} />
              </marker>
            ))}
          </defs>
          {edges.map((edge) => (
            <Line
              key={`${edge.from} ${edge.kind} ${edge.to}`}
              edge={edge}
              places={places}
              isBad={bad.has(`${edge.from} ${edge.to}`)}
              lanes={{ right, far }}
            />
          ))}
          {[...places.values()].map((place) => (
            <Box key={place.server} place={place} node={nodes.find(({ server }) => server === place.server)} user={users.get(place.server)} />
          ))}
        </svg>
      </section>
      <figcaption className="mt-2 text-dim text-sm">{words.join(' · ')}</figcaption>
    </figure>
  );
}

const isFar = (from: Placed, to: Placed): boolean => to.y - from.y !== HEIGHT + DOWN;

/** From row to next row straight down; what goes further, or back, goes round all boxes on a lane of its own, and between the rows to it. */
function courseOf(from: Placed, to: Placed, lane: number, index: number): { readonly path: string; readonly x: number; readonly y: number } {
  if (!isFar(from, to)) {
    const [x1, y1, x2, y2] = [from.x + WIDTH / 2, from.y + HEIGHT, to.x + WIDTH / 2, to.y];
    const middle = (y1 + y2) / 2;
    return { path: `M${x1} ${y1} C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`, x: (x1 + x2) / 2, y: middle };
  }
  const down = to.y > from.y;
  const [x1, y1, x2, y2] = [from.x + WIDTH - TURN * 2, from.y + HEIGHT, to.x + WIDTH - TURN * 2, down ? to.y : to.y + HEIGHT];
  const [out, back] = [y1 + DOWN / 3, down ? y2 - DOWN / 3 : y2 + DOWN / 3];
  const turn = out === back ? 0 : Math.sign(back - out) * TURN;
  const path = [
    `M${x1} ${y1} V${out - TURN} Q${x1} ${out} ${x1 + TURN} ${out}`,
    `H${lane - TURN} Q${lane} ${out} ${lane} ${out + turn} V${back - turn} Q${lane} ${back} ${lane - TURN} ${back}`,
    `H${x2 + TURN} Q${x2} ${back} ${x2} ${back + (down ? TURN : -TURN)} V${y2}`,
  ].join(' ');
  return { path, x: lane, y: (out + back) / 2 + index * 16 };
}

interface Lined {
  readonly edge: Edge;
  readonly places: ReadonlyMap<string, Placed>;
  readonly isBad: boolean;
  readonly lanes: { readonly right: number; readonly far: readonly Edge[] };
}

function Line({ edge, places, isBad, lanes: { right, far } }: Lined) {
  const [from, to] = [places.get(edge.from), places.get(edge.to)];
  if (!from || !to) return null;
  const index = Math.max(0, far.indexOf(edge));
  const { path, x, y } = courseOf(from, to, right + ASIDE + index * LANE, index);
  const ink = isBad ? inks.conflicts : inks[edge.kind];
  return (
    <g>
      <path
        d={path}
        fill="none"
        stroke={ink}
        strokeWidth="1.6"
        {...(edge.kind === 'requires' && !isBad ? {} : { strokeDasharray: '5 4' })}
        markerEnd={`url(#end-${isBad ? 'conflicts' : edge.kind})`}
      />
      <text x={x} y={y + 4} textAnchor="middle" fontSize="12" fill={ink} stroke="var(--color-leaf)" strokeWidth="5" paintOrder="stroke">
        {edge.kind === 'conflicts' ? `not with ${shortened(edge.label, 14)}` : shortened(edge.label, 22)}
      </text>
    </g>
  );
}

interface Boxed {
  readonly place: Placed;
  readonly node: Dependencies['nodes'][number] | undefined;
  readonly user: User | undefined;
}

function Box({ place: { server, x, y }, node, user }: Boxed) {
  const said = user ? user.kind : node === undefined ? 'not here' : node.enabled ? (node.version ?? '') : 'off';
  const isThere = node !== undefined || user !== undefined;
  return (
    <g>
      <rect
        {...{ x, y, width: WIDTH, height: HEIGHT, rx: user ? HEIGHT / 2 : 10 }}
        fill="var(--color-paper)"
        stroke={isThere ? 'var(--color-line)' : 'var(--color-rubric)'}
        {...(node?.enabled || user ? {} : { strokeDasharray: '4 4' })}
      />
      <text x={x + WIDTH / 2} y={y + 21} textAnchor="middle" fontSize="14" fontWeight="600" fill="var(--color-ink)">
        {shortened(user?.title ?? server, 18)}
      </text>
      <text x={x + WIDTH / 2} y={y + 38} textAnchor="middle" fontSize="12" fill={isThere ? 'var(--color-dim)' : 'var(--color-rubric)'}>
        {shortened(said, 22)}
      </text>
    </g>
  );
}

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
