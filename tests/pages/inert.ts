import { expect } from '@jest/globals';

/** Nothing in it runs or styles by itself, as the policy of the pages wants it; what came from outside is text. */
export function expectInert(html: string): void {
  const tags = html.match(/<[a-z][^>]*>/gi) ?? [];
  const loud = tags.filter((tag) =>
    /\s(on[a-z]+|style)\b|<script>/i.test(tag.replaceAll(/"[^"]*"|'[^']*'/g, '')),
  );
  expect(loud).toEqual([]);
  expect(html).not.toContain('<img src=x');
}
