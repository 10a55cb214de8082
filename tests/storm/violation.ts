/** The product did what it never may; everything else that a storm throws is a fault of the storm itself. */
export class Violation extends Error {
  override name = 'Violation';
}
