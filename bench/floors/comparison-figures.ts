import type { Figure } from '../report.js';
import type { Comparison } from './alternate.js';

/** `own` names what of the product is measured, `bare` what it is measured against. */
export function comparisonFigures(
  section: string,
  { own, bare, unit, atLeast }: { own: string; bare: string; unit: string; atLeast?: number },
  comparison: Comparison,
): Figure[] {
  const { ownRate, bareRate, ratio, ownCpuUs, bareCpuUs } = comparison;
  return [
    { section, what: own, value: ownRate, unit },
    { section, what: bare, value: bareRate, unit },
    {
      section,
      what: 'of the floor',
      value: ratio * 100,
      unit: '%',
      ...(atLeast !== undefined && { aim: { atLeast } }),
    },
    { section, what: "processor time for each, product's process", value: ownCpuUs, unit: 'µs' },
    { section, what: 'processor time for each, floor', value: bareCpuUs, unit: 'µs' },
  ];
}
