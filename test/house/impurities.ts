import ts from 'typescript';

/** What makes a result depend on when or where it is computed. */
const impureMembers: Record<string, RegExp> = {
  Date: /^now$/,
  Math: /^random$/,
  performance: /./,
  process: /./,
  crypto: /^(randomUUID|getRandomValues)$/,
  globalThis: /./,
};
const impureCalls = new Set(['Date', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'randomUUID', 'randomBytes']);
const dependsOnLocale = /^(localeCompare|toLocale\w*)$/;

/** The impure expressions of a source text, as `line: expression`. Parts for which `skip` answers true are not looked at. */
export function impurities(source: string, skip: (node: ts.Node) => boolean = () => false): readonly string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (skip(node)) return;
    if (isImpure(node)) found.push(`${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

function isImpure(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) {
    const { expression, name } = node;
    return dependsOnLocale.test(name.text) || (ts.isIdentifier(expression) && (impureMembers[expression.text]?.test(name.text) ?? false));
  }
  if (ts.isCallExpression(node)) return ts.isIdentifier(node.expression) && impureCalls.has(node.expression.text);
  return ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0;
}

/** A query runs when it is asked, so it may look at the clock; the rest of a file that holds a fold may not. */
export const isQuery = (node: ts.Node): boolean => ts.isCallExpression(node) && node.expression.getText() === 'query';

/** Whether a source text declares a fold: a member or a function of that name. */
export function declaresFold(source: string): boolean {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ESNext, true);
  const visit = (node: ts.Node): boolean =>
    ((ts.isPropertyAssignment(node) || ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isShorthandPropertyAssignment(node)) &&
      node.name?.getText() === 'fold') ||
    (ts.forEachChild(node, (child) => visit(child) || undefined) ?? false);
  return visit(file);
}
