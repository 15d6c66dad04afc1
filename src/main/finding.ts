/** One sentence on one thing: what is so, and what to do where something is wrong. */
export interface Finding {
  readonly level: 'fine' | 'warning' | 'problem';
  readonly message: string;
}

export const fine = (message: string): Finding => ({ level: 'fine', message });
export const warning = (message: string): Finding => ({ level: 'warning', message });
export const problem = (message: string): Finding => ({ level: 'problem', message });
