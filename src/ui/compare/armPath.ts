import type { ArmFamily } from '../../eval/arm';

const paths: Readonly<Record<ArmFamily, string>> = {
  base: 'M-6-6H6V6H-6z',
  distilled: 'M0-7.5C4.5-2.5 6.5 0 6.5 2.2A6.5 5.6 0 0 1-6.5 2.2C-6.5 0-4.5-2.5 0-7.5z',
  ensemble: 'M0-7L7 6H-7z',
  control: 'M-2.2-6.5h4.4v4.3h4.3v4.4H2.2v4.3h-4.4V2.2h-4.3v-4.4h4.3z',
  single: 'M0-6.5A6.5 6.5 0 1 1 0 6.5A6.5 6.5 0 1 1 0-6.5z',
};

/** SVG path of an arm's sign, centred on 0 0, about 13 units wide. */
export function armPath(kind: ArmFamily): string {
  return paths[kind];
}
