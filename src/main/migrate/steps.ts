import { progress } from '@clack/prompts';

export interface Step {
  /** `share`: from 0 to 1. */
  at(share: number, said: string): void;
  end(said: string): void;
}

const SAY_EVERY_MS = 10_000;

export const say = (line: string): void => {
  process.stdout.write(`migrate: ${line}\n`);
};

/** A bar on a terminal; elsewhere a line now and then, and one at the end. */
export const beginStep = (title: string): Step => (process.stdout.isTTY ? withBar(title) : withLines(title));

function withBar(title: string): Step {
  const bar = progress({ style: 'heavy', max: 100 });
  bar.start(title);
  let percent = 0;
  return {
    at: (share, said) => {
      const now = Math.min(100, Math.floor(share * 100));
      bar.advance(Math.max(0, now - percent), `${title}: ${said}`);
      percent = Math.max(percent, now);
    },
    end: (said) => bar.stop(said),
  };
}

function withLines(title: string): Step {
  let saidAt = performance.now();
  return {
    at: (_, said) => {
      if (performance.now() - saidAt < SAY_EVERY_MS) return;
      saidAt = performance.now();
      say(`${title}: ${said}`);
    },
    end: say,
  };
}
