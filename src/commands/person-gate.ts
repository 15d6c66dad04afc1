interface Gate {
  inside: number;
  /** Somebody is inside who must be alone, or waits to be. */
  closed: boolean;
  waiting: (() => void)[];
}

/** Commands of one person go through side by side, but for the one that ends the account: it waits until the others are through, and they until it is. */
export interface PersonGate {
  /** Goes through for all of these; answers how to leave. `alone`: the person for whom nobody else may be inside. */
  enter(persons: readonly string[], alone?: string): Promise<() => void>;
}

export function createPersonGate(): PersonGate {
  const gates = new Map<string, Gate>();
  const gateOf = (person: string): Gate => {
    const gate = gates.get(person) ?? { inside: 0, closed: false, waiting: [] };
    gates.set(person, gate);
    return gate;
  };
  const change = (person: string): Promise<void> => new Promise((resolve) => gateOf(person).waiting.push(resolve));

  const pass = async (person: string, alone: boolean): Promise<() => void> => {
    while (gateOf(person).closed) await change(person);
    gateOf(person).closed = alone;
    while (alone && gateOf(person).inside > 0) await change(person);
    gateOf(person).inside++;
    return () => {
      const gate = gateOf(person);
      gate.inside--;
      if (alone) gate.closed = false;
      for (const wake of gate.waiting.splice(0)) wake();
      if (gate.inside === 0 && !gate.closed) gates.delete(person);
    };
  };

  return {
    async enter(persons, alone) {
      const left: (() => void)[] = [];
      // Always in the same order, so that two never wait for each other.
      for (const person of [...new Set(alone === undefined ? persons : [...persons, alone])].sort()) left.push(await pass(person, person === alone));
      return () => {
        for (const leave of left) leave();
      };
    },
  };
}
