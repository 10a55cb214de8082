import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe-core finds serious or critical, each as one line. Bull Board's frame is another product's page: the frame itself
 * is checked, not what is in it. In the other colour scheme nothing but colours differs.
 */
export async function seriousFindings(page: Page, onlyColours = false): Promise<string[]> {
  // Evaluated, not as a tag: the policy of the pages refuses that.
  await page.evaluate(source);
  const rules = onlyColours ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {};
  const options = JSON.stringify({ resultTypes: ['violations'], iframes: false, ...rules });
  const { violations } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  }>(`axe.run(document, ${options})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}
