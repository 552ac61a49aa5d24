/** Every operation on long values is paid for: a template that repeats one ends, by itself or stopped, in seconds. */
import { expect, it } from 'vitest';
import { TemplateError } from '../../../../src/lm/jinja/errors';
import { Template } from '../../../../src/lm/jinja/template';

const long = [
  "{% set T = 'x' * 999999 %}",
  "{% set V = 'x' * 999998 ~ 'y' %}",
  "{% set U = '\u{1F642}' * 499999 %}",
  '{% set L = range(99999) | list %}',
  '{% set M = range(99999) | list %}',
  '{% set W = range(9999) | map("string") | list %}',
  '{% set B = [T, T, V, T, V, T] %}',
].join('');

const operations = [
  'L == M', 'L < M', 'L != M', 'T == V', 'T < V', 'U < U ~ "a"', 'T in V', '"z" in T', '"z" in U', '-1 in L', 'T in W', 'L in [M, M]',
  'T | length', 'U | length', 'L | length', 'U[5]', 'U[-1]', 'T[5]', 'U[1:2]', 'T[::2]', 'L[::-1]', 'L[5:]', 'L + M', 'L * 2',
  'T ~ "a"', 'T + "a"', 'T.upper()', 'T | lower', 'T | title', 'T | capitalize', 'U | capitalize', 'T.find("y")', 'U.find("y")', 'T.split("y")',
  'T.split()', 'T.rsplit("y")', 'T.replace("y", "z")', 'T | replace("y", "z")', 'T.strip("y")', 'T | trim', 'T.startswith("y")', 'U.index("\u{1F642}")',
  'T.count("y")', 'T.isalpha()', 'T.isdigit()', 'T is lower', 'T is upper', 'T | e', 'T | forceescape', 'T | striptags', 'T | wordcount', 'T | wordwrap(9)',
  'T | truncate(9)', 'T | indent', 'T | urlize', 'T | center(9)', 'T | int', 'T | float', 'T | list', 'T | first', 'U | first', 'U | last',
  'T | reverse', 'U | reverse | list', 'T | string', 'L | string', 'L | tojson', 'T | tojson', 'T | pprint', 'L | pprint', 'L | join', 'W | join(",")',
  'L | sum', 'L | min', 'L | max', 'B | min', 'B | max', 'L | sort | first', 'W | sort | first', 'B | sort', 'L | sort(reverse=true) | last',
  'W | unique | list', 'L | unique | list', 'L | map("string") | list', 'L | select | list', 'L | reject("odd") | list', 'L | batch(3) | list', 'L | slice(3) | list',
  'L | groupby(0)', 'L | random', 'L | first', 'L | last', 'L | reverse | list', 'dict(L | batch(2))', 'dict(W | batch(2))', 'dict(L | batch(2))[5]',
  '{T: 1}[T]', '"%s" % T', '"%s" | format(T)', 'L is sameas(M)', 'L is eq(M)', '-1 is in(L)', 'L is iterable', 'W | map("length") | sum', 'W | map("int") | sum',
  'W | selectattr("x", "undefined") | list', 'L | items', 'dict(W | batch(2)) | dictsort', 'dict(W | batch(2)).items() | list', 'T.splitlines()', 'T.partition("y")', 'T.zfill(9)', 'T.ljust(9)',
  'T.expandtabs()', 'T.translate({})', 'T.encode()', 'T.format()', 'T.casefold()', 'T.swapcase()', 'T.title()', 'T.removeprefix("y")', 'T.join(["a", "b"])', '"".join(W)', '"," .join(W)',
  'L.index(99998)', 'L.count(-1)', 'cycler(*L)', 'namespace(a=L)', 'joiner(T)()', 'strftime_now(T)', 'L | xmlattr', 'T | attr("x")', 'T | filesizeformat', 'T | default(L)', 'T | round',
]; // prettier-ignore

function ends(source: string): number {
  const template = new Template(source);
  const began = performance.now();
  try {
    template.render({});
  } catch (error) {
    // Some are no operations here: what matters is that they end.
    expect(error).toBeInstanceOf(TemplateError);
  }
  return (performance.now() - began) / 1000;
}

it(`each of ${operations.length} operations on long values ends in seconds`, () => {
  const slow = operations.map((one) => ({ one, seconds: ends(`${long}{% set _ = ${one} %}`) }));
  expect(slow.filter(({ seconds }) => seconds > 6)).toEqual([]);
}, 300_000);

it.each(['L == M', 'U < U ~ "a"', 'L | sort | first', 'U | length'])(
  '%s is stopped where it is repeated',
  (one) => {
    const seconds = ends(`${long}{% for i in range(99999) %}{% set _ = ${one} %}{% endfor %}`);
    expect(seconds).toBeLessThan(8);
  },
  60_000,
);
