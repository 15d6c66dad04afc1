/**
 * The network an address is in: `203.0.113.0/24`, or `2001:db8:1:2::/64`, of which one household has all the addresses. Undefined for what is no address,
 * as with a client that came by a Unix socket.
 */
export function networkOf(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(plain)) return `${plain.split('.').slice(0, 3).join('.')}.0/24`;
  if (!/^[0-9a-f:]+(?:\.|$)/i.test(plain) || !plain.includes(':')) return undefined;
  return `${firstGroups(plain, 4).join(':')}::/64`;
}

function firstGroups(address: string, count: number): string[] {
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const between = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return [...head, ...between, ...tail].slice(0, count).map((group) => Number.parseInt(group, 16).toString(16));
}
