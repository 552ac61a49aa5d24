/** Words about the model that the browser brings; they come with the model picker. */
export const builtinStrings = {
  name: 'The browser’s built-in model',
  ready: 'Ready. It answers on this device, one turn at a time.',
  download: 'The browser downloads it once, some GB, when you use it; this app has no part in that.',
  coming: (share: number): string => `The browser downloads it: ${Math.floor(share * 100)} %`,
  help: 'It has no name, version or seed: a run with it cannot be repeated exactly. Most browsers also choose its temperature.',
  use: 'Use',
  used: 'In use',
};
