/** An aim is printed beside the figure, never asserted: other load on the machine must not fail a build. */
type Aim = { is: number } | { below: number } | { atMost: number } | { atLeast: number };

export interface Figure {
  section: string;
  what: string;
  /** Undefined: cannot be measured here. */
  value: number | undefined;
  unit?: string;
  digits?: number;
  aim?: Aim;
}

export function isMet({ value, aim }: Figure): boolean | undefined {
  if (value === undefined || aim === undefined) return undefined;
  if ('is' in aim) return value === aim.is;
  if ('below' in aim) return value < aim.below;
  return 'atMost' in aim ? value <= aim.atMost : value >= aim.atLeast;
}

export function table(title: string, figures: Figure[]): string {
  const cells = figures.map((figure) => ({
    section: figure.section,
    what: figure.what,
    value: figure.value === undefined ? 'not here' : number(figure.value, figure.digits),
    unit: figure.value === undefined ? '' : (figure.unit ?? ''),
    aim: aimText(figure),
    verdict: { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure))] ?? '',
  }));
  const widthOf = (key: keyof (typeof cells)[number]) => Math.max(...cells.map((cell) => cell[key].length));
  const [what, value, unit, aim] = (['what', 'value', 'unit', 'aim'] as const).map(widthOf);
  const lines = [title];
  let section = '';
  for (const cell of cells) {
    if (cell.section !== section) lines.push('', cell.section);
    section = cell.section;
    const figure = `${cell.value.padStart(value!)} ${cell.unit.padEnd(unit!)}`;
    lines.push(
      `  ${cell.what.padEnd(what!)}  ${figure}  ${cell.aim.padEnd(aim!)}  ${cell.verdict}`.trimEnd(),
    );
  }
  return lines.join('\n');
}

function aimText({ aim, digits }: Figure): string {
  if (aim === undefined) return '';
  if ('is' in aim) return `aim ${number(aim.is, digits)}`;
  if ('below' in aim) return `aim below ${number(aim.below, digits)}`;
  return 'atMost' in aim
    ? `aim at most ${number(aim.atMost, digits)}`
    : `aim at least ${number(aim.atLeast, digits)}`;
}

function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
