/** Texts as they stand in the sources: literals of a file, and what errors are made with. */
import ts from 'typescript';

const parsed = (name: string, source: string): ts.SourceFile =>
  ts.createSourceFile(
    name,
    name.endsWith('.svelte') ? scripts(source) : source,
    ts.ScriptTarget.Latest,
    true,
  );

const scripts = (source: string): string =>
  [...source.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, code]) => code ?? '').join('\n');

function each(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => each(child, visit));
}

const isChunk = (node: ts.Node): node is ts.LiteralLikeNode =>
  ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);

/** Every literal that has a space or is a label, without the paths of imports and the names of keys. */
export function textsOf(name: string, source: string): string[] {
  const texts: string[] = [];
  each(parsed(name, source), (node) => {
    if (!isChunk(node)) return;
    const { parent } = node;
    if (ts.isImportDeclaration(parent) || ts.isLiteralTypeNode(parent)) return;
    if (ts.isPropertyAssignment(parent) && parent.name === node) return;
    if (ts.isElementAccessExpression(parent)) return;
    texts.push(node.text);
  });
  return texts;
}

/**
 * Built-in errors are assertions, which the page reports as a fault of its own without their text; a ZipError holds a reason, which
 * the page puts into words.
 */
const isActedOn = (name: string): boolean => /Error$/.test(name) && !/^(|Range|Type|Zip)Error$/.test(name);

const nameOf = (node: ts.Node): string | null =>
  ts.isIdentifier(node) || ts.isPrivateIdentifier(node) ? node.text : null;

/** The function around a node that has a parameter of this name. */
function functionWith(node: ts.Node, parameter: string): string | null {
  for (let at: ts.Node = node; !ts.isSourceFile(at); at = at.parent) {
    if (!ts.isFunctionLike(at) || !at.parameters.some(({ name }) => nameOf(name) === parameter)) continue;
    if (at.name) return nameOf(at.name);
    return ts.isVariableDeclaration(at.parent) ? nameOf(at.parent.name) : null;
  }
  return null;
}

/** Texts that errors of this file are made with: also by a constant, and by a function that hands its argument on. */
export function errorTextsOf(name: string, source: string): string[] {
  const file = parsed(name, source);
  const constants = new Map<string, ts.Expression[]>();
  each(file, (node) => {
    if (!ts.isVariableDeclaration(node) || !ts.isIdentifier(node.name) || !node.initializer) return;
    constants.set(node.name.text, [...(constants.get(node.name.text) ?? []), node.initializer]);
  });
  const makers = new Set<string>();
  const texts: string[] = [];
  const seen = new Set<ts.Node>();
  const take = (node: ts.Node): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (isChunk(node)) texts.push(node.text);
    else if (ts.isIdentifier(node)) {
      const maker = functionWith(node, node.text);
      if (maker !== null) makers.add(maker);
      else for (const value of constants.get(node.text) ?? []) take(value);
    } else if (ts.isConditionalExpression(node)) {
      take(node.whenTrue);
      take(node.whenFalse);
    } else if (ts.isTemplateExpression(node)) {
      take(node.head);
      for (const span of node.templateSpans) {
        if (!ts.isIdentifier(span.expression)) take(span.expression);
        take(span.literal);
      }
    } else if (ts.isElementAccessExpression(node)) take(node.expression);
    else if (ts.isObjectLiteralExpression(node)) {
      for (const property of node.properties)
        if (ts.isPropertyAssignment(property)) take(property.initializer);
    } else if (ts.isBinaryExpression(node) || ts.isParenthesizedExpression(node)) ts.forEachChild(node, take);
  };
  each(file, (node) => {
    // Texts that a class of errors is made with elsewhere: {hint: '...'}.
    if (ts.isPropertyAssignment(node) && /^(hint|message)$/.test(node.name.getText())) take(node.initializer);
    if (!ts.isNewExpression(node) || !isActedOn(node.expression.getText())) return;
    for (const argument of node.arguments?.slice(0, 2) ?? []) take(argument);
  });
  let known = -1;
  while (known < makers.size) {
    known = makers.size;
    each(file, (node) => {
      if (!ts.isCallExpression(node)) return;
      const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
      if (makers.has(nameOf(called) ?? '')) for (const argument of node.arguments) take(argument);
    });
  }
  return texts;
}
